//! What a ledger event is: its kind, its role in clearing, its flow, and its status.

/// The words of a closed list, with the one place that says how each is written.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident {
        $($(#[$vmeta:meta])* $variant:ident = $word:literal, $zh:literal;)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// Every word of the list, in its order.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The words as files and pipelines write them, in the order of their codes.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// The word for it.
            #[must_use]
            pub fn word(self) -> &'static str {
                Self::WORDS[self as usize]
            }

            /// The Chinese word beside it.
            #[must_use]
            pub fn zh(self) -> &'static str {
                [$($zh,)+][self as usize]
            }

            /// The value of a code that a canonical column holds.
            #[must_use]
            pub fn from_code(code: u8) -> Option<$name> {
                Self::ALL.get(usize::from(code)).copied()
            }

            /// The code that a canonical column holds.
            #[must_use]
            pub fn code(self) -> u8 {
                self as u8
            }
        }
    };
}

words! {
    /// The kind of a ledger event (domain.md §2).
    Kind {
        /// Points earned at home.
        Earn = "earn", "累积";
        /// The issuer's points earned at the partner.
        Xearn = "xearn", "跨店累积";
        /// The partner's memo of an XEARN, in issuer points.
        Xaward = "xaward", "跨店发放";
        /// Points spent at home.
        Burn = "burn", "兑换";
        /// The issuer's points spent at the partner.
        Xburn = "xburn", "跨店兑换";
        /// The acceptor's mirror of an XBURN, a memo in acceptor points.
        Xaccept = "xaccept", "跨店受理";
        /// Points turned into the partner's.
        Xout = "xout", "转出";
        /// The partner's points that arrived.
        Xin = "xin", "转入";
        /// The opposite of an earlier event.
        Reversal = "reversal", "冲正";
        /// Points that ran out.
        Expire = "expire", "失效";
        /// A correction by hand.
        Adjust = "adjust", "调账";
        /// An account stopped.
        Freeze = "freeze", "冻结";
        /// An account released.
        Unfreeze = "unfreeze", "解冻";
        /// A balance moved between accounts of one member.
        Merge = "merge", "合并";
    }
}

words! {
    /// Whether a ledger row took effect.
    Status {
        /// It took effect.
        Posted = "posted", "已入账";
        /// It may yet take effect.
        Pending = "pending", "处理中";
        /// It never takes effect.
        Cancelled = "cancelled", "已取消";
    }
}

words! {
    /// The status of a member.
    MemberStatus {
        /// May earn and spend.
        Active = "active", "正常";
        /// Stopped for the time being.
        Frozen = "frozen", "冻结";
        /// Left.
        Closed = "closed", "注销";
        /// Lives on under another number.
        Merged = "merged", "已合并";
        /// Erased at the person's wish.
        Erased = "erased", "已删除";
    }
}

words! {
    /// How a link came about.
    LinkMethod {
        /// The member agreed to it.
        Authorised = "authorised", "授权";
        /// Both parties took it over from an older list.
        Imported = "imported", "导入";
        /// Found by a token; it never authorises clearing.
        Inferred = "inferred", "推定";
    }
}

words! {
    /// What a decision does to what is held.
    Action {
        /// Counts it at its agreed value.
        Release = "release", "放行";
        /// Counts it with other points.
        Adjust = "adjust", "调整";
        /// Drops it: it was never due.
        Reject = "reject", "驳回";
        /// Drops it: nobody will settle it.
        WriteOff = "write_off", "核销";
    }
}

words! {
    /// A flow of points between the parties.
    Flow {
        /// Points spent at the partner; the issuer pays.
        Redemption = "redemption", "兑换";
        /// Points turned into the partner's; the issuer pays.
        Conversion = "conversion", "转换";
        /// Points earned at the partner; the partner pays.
        Sale = "sale", "售出";
    }
}

/// The part that a row plays in clearing. The flow of an orphaned reversal is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The leg on the book of the party whose points they are (发行方).
    Issuer(Option<Flow>),
    /// The leg on the partner's book (受理方).
    Acceptor(Option<Flow>),
    /// The party's own business; nothing to clear.
    Own,
}

/// The sign that a kind has on its own book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// More than zero.
    Plus,
    /// Less than zero.
    Minus,
    /// Exactly zero.
    Zero,
    /// Not zero.
    Either,
}

impl Sign {
    /// Whether points have this sign.
    #[must_use]
    pub fn fits(self, points: i64) -> bool {
        match self {
            Sign::Plus => points > 0,
            Sign::Minus => points < 0,
            Sign::Zero => points == 0,
            Sign::Either => points != 0,
        }
    }
}

impl Kind {
    /// The part that the kind plays; `None` for a reversal, which plays its original's.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Kind::Xburn => Some(Role::Issuer(Some(Flow::Redemption))),
            Kind::Xout => Some(Role::Issuer(Some(Flow::Conversion))),
            Kind::Xearn => Some(Role::Issuer(Some(Flow::Sale))),
            Kind::Xaccept => Some(Role::Acceptor(Some(Flow::Redemption))),
            Kind::Xin => Some(Role::Acceptor(Some(Flow::Conversion))),
            Kind::Xaward => Some(Role::Acceptor(Some(Flow::Sale))),
            Kind::Reversal => None,
            Kind::Earn
            | Kind::Burn
            | Kind::Expire
            | Kind::Adjust
            | Kind::Freeze
            | Kind::Unfreeze
            | Kind::Merge => Some(Role::Own),
        }
    }

    /// The sign of the kind on its own book (domain.md §2); `None` for a reversal.
    #[must_use]
    pub fn sign(self) -> Option<Sign> {
        match self {
            Kind::Earn | Kind::Xearn | Kind::Xaccept | Kind::Xin | Kind::Xaward => Some(Sign::Plus),
            Kind::Burn | Kind::Xburn | Kind::Xout | Kind::Expire => Some(Sign::Minus),
            Kind::Freeze | Kind::Unfreeze => Some(Sign::Zero),
            Kind::Adjust | Kind::Merge => Some(Sign::Either),
            Kind::Reversal => None,
        }
    }

    /// Whether a posted row of the kind moves the balance; memos do not, a reversal does as its
    /// original did.
    #[must_use]
    pub fn moves_balance(self) -> Option<bool> {
        match self {
            Kind::Xaccept | Kind::Xaward | Kind::Freeze | Kind::Unfreeze => Some(false),
            Kind::Reversal => None,
            _ => Some(true),
        }
    }
}

/// What became of an amount due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SettlementKind {
    /// It was paid.
    Paid,
    /// The payer disputes it.
    Disputed,
}

impl SettlementKind {
    /// The words for them in files, by code.
    pub const WORDS: &'static [&'static str] = &["paid", "disputed"];

    /// The word for it in files.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            SettlementKind::Paid => "paid",
            SettlementKind::Disputed => "disputed",
        }
    }

    /// The kind of a code.
    #[must_use]
    pub fn from_code(code: u8) -> Option<SettlementKind> {
        [SettlementKind::Paid, SettlementKind::Disputed].get(usize::from(code)).copied()
    }
}
