//! Accounts rolled forward (总分核对).

use crate::value::kind::Kind;
use crate::value::party::Party;
use crate::value::period::Instant;

/// An account: opening, movements per kind, expected and reported closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose programme.
    pub party: Party,
    /// The member.
    pub member_no: String,
    /// The opening balance: our own closing of the period before, or in the first period what the
    /// opening feed says; `None` where there is none.
    pub opening: Option<i64>,
    /// Movements, in the order of [`Kind::ALL`].
    pub movements: [i64; Kind::ALL.len()],
    /// opening + movements.
    pub expected: i64,
    /// What the snapshot says; `None` for an account that it does not have.
    pub reported: Option<i64>,
    /// The instant at which `expected` and `reported` hold.
    pub closing_as_of: Instant,
    /// Whether a discrepancy names the account.
    pub flagged: bool,
}
