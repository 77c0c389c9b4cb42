//! Accounts rolled forward (总分核对).

use crate::value::kind::Kind;
use crate::value::party::Party;

/// An account: opening, movements per kind, expected and reported closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose programme.
    pub party: Party,
    /// The member.
    pub member_no: String,
    /// The opening balance; `None` for an account that the opening feed does not have.
    pub opening: Option<i64>,
    /// Movements, in the order of [`Kind::ALL`].
    pub movements: [i64; Kind::ALL.len()],
    /// opening + movements.
    pub expected: i64,
    /// What the snapshot says; `None` for an account that it does not have.
    pub reported: Option<i64>,
    /// Whether a discrepancy names the account.
    pub flagged: bool,
}
