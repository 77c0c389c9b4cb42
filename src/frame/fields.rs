//! The canonical columns of every feed, said once.
//!
//! The reader conforms partners' columns to these, `check` holds the pipeline's `columns` against
//! them, and `plan` and the dictionary print them.

use crate::value::kind::{Action, Kind, LinkMethod, MemberStatus, SettlementKind, Status};

/// What a feed carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FeedKind {
    /// Member snapshot (会员).
    Members,
    /// Points snapshot (期末余额).
    Accounts,
    /// Agreed cut-over balances (期初余额).
    Opening,
    /// Lots of points (积分批次).
    Lots,
    /// Points ledger (积分流水).
    Ledger,
    /// A party's own clearing statement (对方清算单).
    Statement,
    /// Links between members (绑定关系).
    Links,
    /// Consents to links (授权同意).
    Consents,
    /// Approved adjustments (调账单).
    Adjustments,
    /// Payments and disputes of earlier statements (收付款与争议).
    Settlements,
    /// Days on which no late fee accrues (不可抗力日).
    ExemptDays,
    /// What was decided of held items (挂账处理).
    Decisions,
    /// What was sent, file by file (交接单).
    Deliveries,
}

/// What a canonical column holds, and so its Arrow type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// An identifier, text always: Utf8. A number in scientific notation is refused.
    Id,
    /// Free text: Utf8.
    Text,
    /// The label of a period, of whatever cycle: Utf8.
    Label,
    /// A keyed contact token, 64 hexadecimal digits: Utf8.
    Token,
    /// Whole points in the programme's smallest unit: Int64.
    Points,
    /// Money, in millionths of a unit of its currency, whatever the currency's own digits: Int64.
    Amount,
    /// A whole number that is no points, such as a count: Int64.
    Whole,
    /// An instant, microseconds since the epoch in UTC: Int64.
    Instant,
    /// The instant at which a balance or snapshot holds: Int64 as `Instant`, but a bare day means
    /// its last microsecond.
    AsOf,
    /// A word of a closed list, stored as its index: UInt8. An unknown word of a `strict` list
    /// stops the run.
    Word {
        /// The canonical words, by code.
        words: &'static [&'static str],
        /// Whether an unknown word stops the run (event kinds) or refuses the row.
        strict: bool,
    },
}

/// Digits behind the point of an [`FieldKind::Amount`].
pub const AMOUNT_DIGITS: u8 = 6;

/// A canonical column.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in pipelines and outputs.
    pub name: &'static str,
    /// Its Chinese label.
    pub zh: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether the pipeline must declare it.
    pub required: bool,
    /// Whether a row may leave it empty.
    pub nullable: bool,
    /// The canonical word that stands where the column is not declared or empty.
    pub default: Option<&'static str>,
    /// What it means.
    pub meaning: &'static str,
}

const fn key(
    name: &'static str,
    zh: &'static str,
    kind: FieldKind,
    meaning: &'static str,
) -> Field {
    Field { name, zh, kind, required: true, nullable: false, default: None, meaning }
}

const fn optional(
    name: &'static str,
    zh: &'static str,
    kind: FieldKind,
    meaning: &'static str,
) -> Field {
    Field { name, zh, kind, required: false, nullable: true, default: None, meaning }
}

/// A column that the pipeline must declare and a row may leave empty.
const fn asked(
    name: &'static str,
    zh: &'static str,
    kind: FieldKind,
    meaning: &'static str,
) -> Field {
    Field { name, zh, kind, required: true, nullable: true, default: None, meaning }
}

const fn word(
    name: &'static str,
    zh: &'static str,
    words: &'static [&'static str],
    default: &'static str,
    meaning: &'static str,
) -> Field {
    let kind = FieldKind::Word { words, strict: false };
    Field { name, zh, kind, required: false, nullable: false, default: Some(default), meaning }
}

/// Columns of `members`.
pub const MEMBERS: &[Field] = &[
    key("member_no", "会员号", FieldKind::Id, "The member's number in its programme."),
    word("status", "会员状态", MemberStatus::WORDS, "active", "The member's status."),
    optional("status_since", "状态起始", FieldKind::Instant, "Since when the status holds."),
    optional("tier", "等级", FieldKind::Text, "The member's tier."),
    optional("tier_since", "等级起始", FieldKind::Instant, "Since when the tier holds."),
    optional("mobile", "手机号令牌", FieldKind::Token, "The keyed token of the mobile number."),
    optional("email", "邮箱令牌", FieldKind::Token, "The keyed token of the e-mail address."),
    optional("name", "姓名令牌", FieldKind::Token, "The keyed token of the name; it links nobody."),
    optional("as_of", "截至", FieldKind::AsOf, "When the snapshot of the member was taken."),
];

/// Columns of `accounts`.
pub const ACCOUNTS: &[Field] = &[
    key("member_no", "会员号", FieldKind::Id, "The member whose account it is."),
    key("balance", "余额", FieldKind::Points, "The balance in points."),
    optional(
        "as_of",
        "截至",
        FieldKind::AsOf,
        "When the balance holds; default: the end of the as-of day.",
    ),
];

/// Columns of `opening`.
pub const OPENING: &[Field] = &[
    key("member_no", "会员号", FieldKind::Id, "The member whose account it is."),
    key("balance", "期初余额", FieldKind::Points, "The agreed cut-over balance in points."),
    optional(
        "as_of",
        "截至",
        FieldKind::AsOf,
        "When the balance holds; default: just before the period.",
    ),
];

/// Columns of `lots`.
pub const LOTS: &[Field] = &[
    key("member_no", "会员号", FieldKind::Id, "The member whose lot it is."),
    key("lot_id", "批次号", FieldKind::Id, "The lot's number among the member's."),
    key("earned_at", "获得时间", FieldKind::Instant, "Since when it can be spent."),
    optional(
        "expires_at",
        "失效时间",
        FieldKind::Instant,
        "Since when it cannot be spent any more; empty: it never expires.",
    ),
    optional("quantity", "批次积分", FieldKind::Points, "How many points it had."),
    key("remaining", "剩余积分", FieldKind::Points, "How many points are left of it."),
];

/// Columns of `ledger`.
pub const LEDGER: &[Field] = &[
    key("event_id", "流水号", FieldKind::Id, "The event's number on this party's book."),
    key("member_no", "会员号", FieldKind::Id, "The member on this party's book."),
    key(
        "kind",
        "类型",
        FieldKind::Word { words: Kind::WORDS, strict: true },
        "What happened; an unknown kind stops the run.",
    ),
    key("points", "积分", FieldKind::Points, "Signed points on this party's book."),
    key("occurred_at", "交易时间", FieldKind::Instant, "When it happened."),
    optional(
        "posted_at",
        "入账时间",
        FieldKind::Instant,
        "When the balance moved; default: occurred_at.",
    ),
    optional(
        "counter_event_id",
        "对方流水号",
        FieldKind::Id,
        "The partner's event_id of the same event.",
    ),
    optional(
        "original_event_id",
        "原流水号",
        FieldKind::Id,
        "The event that a reversal reverses, on this book.",
    ),
    optional("order_no", "订单号", FieldKind::Id, "The order that both sides know."),
    word("status", "状态", Status::WORDS, "posted", "Whether the row took effect."),
    optional(
        "amount",
        "金额",
        FieldKind::Amount,
        "What this party says that the event is worth; its sign says nothing.",
    ),
    optional("currency", "币种", FieldKind::Text, "The currency of the event, such as CNY."),
    optional("authority", "批准人", FieldKind::Text, "Who approved an adjustment."),
];

/// The types of a statement's lines.
pub const LINE_TYPES: &[&str] =
    &["gross", "fee", "tax", "tax_within", "carry", "adjustment", "late_fee"];

/// Columns of `statement`. Points are whole smallest units of the issuer's programme, as our own
/// statement publishes them.
pub const STATEMENT: &[Field] = &[
    key(
        "type",
        "类型",
        FieldKind::Word { words: LINE_TYPES, strict: false },
        "What the line is for.",
    ),
    optional("currency", "币种", FieldKind::Text, "ISO 4217; default: the agreement's."),
    word("issuer", "发行方", &["none", "a", "b"], "none", "Whose points: a or b."),
    word(
        "flow",
        "业务流向",
        &["none", "redemption", "conversion", "sale"],
        "none",
        "redemption, conversion or sale.",
    ),
    optional("origin_period", "归属期间", FieldKind::Text, "The period to which it belongs."),
    optional("ratio_from", "比例版本", FieldKind::Text, "The ratio version, by its from."),
    optional("rate_from", "单价版本", FieldKind::Text, "The rate version, by its from."),
    optional("events", "笔数", FieldKind::Points, "How many events it sums."),
    optional("points", "积分", FieldKind::Points, "Issuer points that it sums."),
    key("amount", "金额", FieldKind::Amount, "The amount; positive: the payer pays."),
    key(
        "payer",
        "付款方",
        FieldKind::Word { words: &["a", "b"], strict: false },
        "Who pays: a or b.",
    ),
    optional(
        "reference",
        "关联单号",
        FieldKind::Text,
        "The adjustment, or the period of the statement that is overdue.",
    ),
];

/// Columns of `links`.
pub const LINKS: &[Field] = &[
    key("a_member", "甲方会员号", FieldKind::Id, "The member at A."),
    key("b_member", "乙方会员号", FieldKind::Id, "The member at B."),
    key("bound_at", "绑定时间", FieldKind::Instant, "Since when they are linked."),
    optional("unbound_at", "解绑时间", FieldKind::Instant, "Since when they are linked no more."),
    word("method", "绑定方式", LinkMethod::WORDS, "authorised", "How the link came about."),
];

/// Columns of `consents`.
pub const CONSENTS: &[Field] = &[
    key("a_member", "甲方会员号", FieldKind::Id, "The member at A."),
    key("b_member", "乙方会员号", FieldKind::Id, "The member at B."),
    key("purpose", "目的", FieldKind::Text, "What was consented to."),
    key("granted_at", "同意时间", FieldKind::Instant, "When it was granted."),
    optional("withdrawn_at", "撤回时间", FieldKind::Instant, "When it was withdrawn."),
];

/// Columns of `adjustments`.
pub const ADJUSTMENTS: &[Field] = &[
    key("adjustment_id", "调账单号", FieldKind::Id, "The adjustment's number."),
    key(
        "payer",
        "付款方",
        FieldKind::Word { words: &["a", "b"], strict: false },
        "Who pays: a or b.",
    ),
    key("amount", "金额", FieldKind::Amount, "What is paid; above zero."),
    optional("currency", "币种", FieldKind::Text, "Its currency; default: the agreement's."),
    asked("reason", "事由", FieldKind::Text, "Why."),
    optional("corrects", "更正对象", FieldKind::Text, "The statement or line that it corrects."),
    optional("origin_period", "归属期间", FieldKind::Text, "The period to which it belongs."),
    optional("clause", "合同条款", FieldKind::Text, "The clause on which it rests."),
    asked("author", "经办人", FieldKind::Text, "Who drew it up."),
    asked("approver", "复核人", FieldKind::Text, "Who approved it: another than the author."),
    key("approved_at", "复核时间", FieldKind::Instant, "When it was approved."),
];

/// Columns of `settlements`.
pub const SETTLEMENTS: &[Field] = &[
    key("settlement_id", "结算单号", FieldKind::Id, "The payment's or dispute's number."),
    key("period", "期间", FieldKind::Label, "The period of the statement, such as 2026-03."),
    optional("currency", "币种", FieldKind::Text, "Its currency; default: the agreement's."),
    key(
        "kind",
        "类型",
        FieldKind::Word { words: SettlementKind::WORDS, strict: false },
        "paid or disputed.",
    ),
    key("amount", "金额", FieldKind::Amount, "How much of the amount due; above zero."),
    key("on", "日期", FieldKind::Instant, "On which day."),
];

/// Columns of `exempt_days`.
pub const EXEMPT_DAYS: &[Field] =
    &[key("day", "日期", FieldKind::Instant, "A day on which no late fee accrues.")];

/// Columns of `decisions`.
pub const DECISIONS: &[Field] = &[
    key("decision_id", "决定编号", FieldKind::Id, "The decision's number."),
    key("discrepancy_id", "差错编号", FieldKind::Id, "The discrepancy under which items are held."),
    key(
        "action",
        "处理方式",
        FieldKind::Word { words: Action::WORDS, strict: true },
        "What becomes of them; an unknown one stops the run.",
    ),
    optional(
        "points",
        "积分",
        FieldKind::Points,
        "The issuer's smallest units to count; for adjust, and to release an acceptor's leg alone.",
    ),
    optional("reason", "理由", FieldKind::Text, "Why."),
    optional("author", "经办人", FieldKind::Text, "Who decided."),
    optional("approver", "批准人", FieldKind::Text, "Who approved it; not the author."),
    key("decided_at", "决定时间", FieldKind::Instant, "When it was decided."),
];

/// Columns of `deliveries`.
pub const DELIVERIES: &[Field] = &[
    key(
        "file",
        "文件",
        FieldKind::Text,
        "The file: its path under the root, or its last name where that is unique.",
    ),
    optional("sha256", "SHA-256 摘要", FieldKind::Text, "The SHA-256 of its content, hexadecimal."),
    optional("blake3", "BLAKE3 摘要", FieldKind::Text, "The BLAKE3 of its content, hexadecimal."),
    optional("rows", "行数", FieldKind::Whole, "How many data rows it has."),
    optional("points", "积分合计", FieldKind::Points, "The sum of its points or balances."),
    optional("sequence", "序号", FieldKind::Whole, "Its number among the files of its feed."),
    optional("sent_at", "发送时间", FieldKind::Instant, "When it was sent."),
    optional("as_of", "截至", FieldKind::AsOf, "As of when its snapshot holds."),
];

impl FeedKind {
    /// Every feed, in order.
    pub const ALL: [FeedKind; 13] = [
        FeedKind::Members,
        FeedKind::Accounts,
        FeedKind::Opening,
        FeedKind::Lots,
        FeedKind::Ledger,
        FeedKind::Statement,
        FeedKind::Links,
        FeedKind::Consents,
        FeedKind::Adjustments,
        FeedKind::Settlements,
        FeedKind::ExemptDays,
        FeedKind::Decisions,
        FeedKind::Deliveries,
    ];

    /// Whether a run does without the files of the feed until they come.
    #[must_use]
    pub fn may_come_later(self) -> bool {
        self == FeedKind::Statement
    }

    /// The column whose values are summed in control totals, where there is one.
    #[must_use]
    pub fn points_column(self) -> Option<&'static str> {
        match self {
            FeedKind::Ledger => Some("points"),
            FeedKind::Accounts | FeedKind::Opening => Some("balance"),
            FeedKind::Lots => Some("remaining"),
            FeedKind::Statement | FeedKind::Deliveries | FeedKind::Decisions => None,
            FeedKind::Members | FeedKind::Links | FeedKind::Consents => None,
            FeedKind::Adjustments | FeedKind::Settlements | FeedKind::ExemptDays => None,
        }
    }

    /// The columns that name a row, of which hash totals are made; none where rows have no names.
    #[must_use]
    pub fn key_columns(self) -> &'static [&'static str] {
        match self {
            FeedKind::Ledger => &["event_id"],
            FeedKind::Members | FeedKind::Accounts | FeedKind::Opening => &["member_no"],
            FeedKind::Lots => &["member_no", "lot_id"],
            FeedKind::Links | FeedKind::Consents => &["a_member", "b_member"],
            FeedKind::Adjustments => &["adjustment_id"],
            FeedKind::Settlements => &["settlement_id"],
            FeedKind::Decisions => &["decision_id"],
            FeedKind::Deliveries => &["file"],
            FeedKind::Statement | FeedKind::ExemptDays => &[],
        }
    }

    /// The canonical columns of the feed, in order.
    #[must_use]
    pub fn fields(self) -> &'static [Field] {
        match self {
            FeedKind::Members => MEMBERS,
            FeedKind::Accounts => ACCOUNTS,
            FeedKind::Opening => OPENING,
            FeedKind::Lots => LOTS,
            FeedKind::Ledger => LEDGER,
            FeedKind::Statement => STATEMENT,
            FeedKind::Links => LINKS,
            FeedKind::Consents => CONSENTS,
            FeedKind::Adjustments => ADJUSTMENTS,
            FeedKind::Settlements => SETTLEMENTS,
            FeedKind::ExemptDays => EXEMPT_DAYS,
            FeedKind::Decisions => DECISIONS,
            FeedKind::Deliveries => DELIVERIES,
        }
    }

    /// The word for the feed in pipelines.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            FeedKind::Members => "members",
            FeedKind::Accounts => "accounts",
            FeedKind::Opening => "opening",
            FeedKind::Lots => "lots",
            FeedKind::Ledger => "ledger",
            FeedKind::Statement => "statement",
            FeedKind::Links => "links",
            FeedKind::Consents => "consents",
            FeedKind::Adjustments => "adjustments",
            FeedKind::Settlements => "settlements",
            FeedKind::ExemptDays => "exempt_days",
            FeedKind::Decisions => "decisions",
            FeedKind::Deliveries => "deliveries",
        }
    }

    /// The Chinese word beside it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            FeedKind::Members => "会员",
            FeedKind::Accounts => "期末余额",
            FeedKind::Opening => "期初余额",
            FeedKind::Lots => "积分批次",
            FeedKind::Ledger => "积分流水",
            FeedKind::Statement => "对方清算单",
            FeedKind::Links => "绑定关系",
            FeedKind::Consents => "授权同意",
            FeedKind::Adjustments => "调账单",
            FeedKind::Settlements => "收付款与争议",
            FeedKind::ExemptDays => "不可抗力日",
            FeedKind::Decisions => "挂账处理",
            FeedKind::Deliveries => "交接单",
        }
    }

    /// The canonical column of that name.
    #[must_use]
    pub fn field(self, name: &str) -> Option<&'static Field> {
        self.fields().iter().find(|field| field.name == name)
    }
}
