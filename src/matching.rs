//! Floor 2: matching (勾对). Members to links, rows to their originals, issuer's legs to mirrors.
//!
//! One to one, or not at all: what could be paired in more than one way is handed on as a tie and
//! never decided by the order of rows.

mod authority;
mod collided;
mod events;
mod lineage;
mod members;

pub use authority::{authorities, link_in_force};
pub use events::{Leads, pair};
pub use lineage::{ByEventId, trace};
pub use members::match_members;
