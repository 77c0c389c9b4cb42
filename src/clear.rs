//! Floor 2: clearing (清算). Counted pairs become obligations, obligations become a statement, and
//! the whole is held against the rows from which it came.

mod balance;
mod charge;
mod late;
mod net;
mod obligation;

pub use balance::{ConservationError, Side as BalanceSide, conserve};
pub use net::{ClearError, settle};
pub use obligation::{Obligation, ObligationKey, oblige, take_in};
