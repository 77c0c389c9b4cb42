//! The clearing statement (清算单): lines, payables, net. A [`Statement`] exists only when its lines
//! equal its totals.

use rust_decimal::Decimal;

use crate::value::kind::Flow;
use crate::value::money::{Currency, Money, MoneyError};
use crate::value::party::{Both, Party};

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LineKind {
    /// Points × rate.
    Gross,
    /// A fee on a gross line.
    Fee,
    /// A tax on a fee or on gross, on top of it.
    Tax,
    /// A tax within a fee or gross, shown and not added.
    TaxWithin,
    /// What was carried into the period.
    Carry,
    /// An approved adjustment.
    Adjustment,
    /// What an overdue statement costs.
    LateFee,
}

impl LineKind {
    /// The word for it in outputs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LineKind::Gross => "gross",
            LineKind::Fee => "fee",
            LineKind::Tax => "tax",
            LineKind::TaxWithin => "tax_within",
            LineKind::Carry => "carry",
            LineKind::Adjustment => "adjustment",
            LineKind::LateFee => "late_fee",
        }
    }

    /// The Chinese word beside it.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            LineKind::Gross => "总额",
            LineKind::Fee => "手续费",
            LineKind::Tax => "税额",
            LineKind::TaxWithin => "含税额",
            LineKind::Carry => "结转",
            LineKind::Adjustment => "调账",
            LineKind::LateFee => "逾期费",
        }
    }

    /// Whether the line adds to its payer's payable.
    #[must_use]
    pub fn is_payable(self) -> bool {
        match self {
            LineKind::Gross | LineKind::Fee | LineKind::Tax => true,
            LineKind::Adjustment | LineKind::LateFee => true,
            LineKind::TaxWithin | LineKind::Carry => false,
        }
    }
}

/// A version by its label and value, as the pipeline wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionName {
    /// Its `from`.
    pub from: String,
    /// Its value.
    pub value: String,
}

/// A line of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What it is for.
    pub kind: LineKind,
    /// Whose points; `None` for a line that rests on none.
    pub issuer: Option<Party>,
    /// The flow.
    pub flow: Option<Flow>,
    /// The label of the period whose events it sums, or to which it belongs.
    pub origin_period: String,
    /// The ratio version; `None` for a sale and for a line that rests on no points.
    pub ratio: Option<VersionName>,
    /// The rate version.
    pub rate: Option<VersionName>,
    /// How many events it sums.
    pub events: u64,
    /// Issuer points that it sums.
    pub points: i128,
    /// The exact amount before rounding; for a tax within, the rounded one.
    pub exact: Decimal,
    /// The amount, signed: positive, the payer pays.
    pub amount: Money,
    /// Who pays.
    pub payer: Party,
    /// The clause of the agreement on which it rests.
    pub clause: Option<String>,
    /// An adjustment's id, or the period of the statement that is overdue.
    pub reference: Option<String>,
}

impl Line {
    /// Whether the line takes part where only a party's total is rounded: it is payable and rests
    /// on points.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.kind.is_payable() && self.issuer.is_some()
    }
}

/// A statement of one currency whose lines equal its totals.
#[derive(Debug, Clone)]
pub struct Statement {
    lines: Vec<Line>,
    payables: Both<Money>,
    opening_carry: Money,
    net: Money,
    amount_due: Money,
    carry_forward: Money,
}

/// Lines that do not make a statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StatementError {
    /// The lines of one payer do not sum to the total that was computed for it.
    #[error("the lines of {party} sum to {lines}, and its payable is {total}")]
    Unequal {
        /// The payer.
        party: Party,
        /// What the lines sum to.
        lines: Money,
        /// What was computed.
        total: Money,
    },
    /// A sum does not fit, or mixes currencies.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl Statement {
    /// The statement of these lines. `payables` are computed apart from the lines; the net is A's
    /// less B's plus the carry, positive when A pays B; below the minimum nothing is due and all
    /// is carried (domain.md §6.5).
    ///
    /// # Errors
    /// [`StatementError::Unequal`] when a payer's lines do not sum to its payable.
    pub fn new(
        lines: Vec<Line>,
        payables: Both<Money>,
        opening_carry: Money,
        minimum: Money,
    ) -> Result<Statement, StatementError> {
        for (party, total) in payables.iter() {
            let mut sum = Money::zero(total.currency());
            for line in lines.iter().filter(|line| line.kind.is_payable() && line.payer == party) {
                sum = sum.checked_add(line.amount)?;
            }
            if sum != *total {
                return Err(StatementError::Unequal { party, lines: sum, total: *total });
            }
        }
        let net = payables.a.checked_sub(payables.b)?.checked_add(opening_carry)?;
        let zero = Money::zero(net.currency());
        let is_below = net.abs().minor() < minimum.minor();
        let (amount_due, carry_forward) = if is_below { (zero, net) } else { (net.abs(), zero) };
        Ok(Statement { lines, payables, opening_carry, net, amount_due, carry_forward })
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.net.currency()
    }

    /// The lines, in order.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What each party owes before netting.
    #[must_use]
    pub fn payables(&self) -> Both<Money> {
        self.payables
    }

    /// What was carried in; positive: A owes B.
    #[must_use]
    pub fn opening_carry(&self) -> Money {
        self.opening_carry
    }

    /// A's payable less B's plus the carry; positive: A pays B.
    #[must_use]
    pub fn net(&self) -> Money {
        self.net
    }

    /// What is due now, without a sign.
    #[must_use]
    pub fn amount_due(&self) -> Money {
        self.amount_due
    }

    /// What is carried into the next period; positive: A owes B.
    #[must_use]
    pub fn carry_forward(&self) -> Money {
        self.carry_forward
    }

    /// Who pays what is due; `None` when nothing is.
    #[must_use]
    pub fn payer(&self) -> Option<Party> {
        match (self.amount_due.signum(), self.net.signum()) {
            (0, _) => None,
            (_, -1) => Some(Party::B),
            _ => Some(Party::A),
        }
    }
}

/// The statements of a period, one per currency in alphabetical order. Nothing is netted across
/// them.
#[derive(Debug, Clone, Default)]
pub struct Clearing(Vec<Statement>);

impl Clearing {
    /// The statements of that many currencies.
    #[must_use]
    pub fn new(mut statements: Vec<Statement>) -> Clearing {
        statements.sort_by_key(Statement::currency);
        Clearing(statements)
    }

    /// The statements, in the order of their currencies.
    #[must_use]
    pub fn statements(&self) -> &[Statement] {
        &self.0
    }

    /// Every line with its number, which runs through all statements.
    pub fn lines(&self) -> impl Iterator<Item = (u32, &Line)> {
        (1..).zip(self.0.iter().flat_map(Statement::lines))
    }
}
