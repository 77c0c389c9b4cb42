//! Floor 2: the engine. It co-locates rows by key and runs a pure function on every bucket.
//!
//! Co-location is the one guarantee that any engine can give cheaply: all rows with one key land
//! in one bucket. Each step over rows is a function of one bucket, and what crosses buckets is
//! small, associative and sorted before anybody sees it. Nothing may rely on the order in which
//! the exchange delivers rows.
//!
//! Rows that do not fit into memory are set aside on disk and judged in portions: `kin` finds which
//! rows touch one another, directly or through others, and `stowage` brings those together, so that
//! a portion can be judged as if there were nothing else.

mod exchange;
mod gathered;
mod kernel;
mod kin;
mod memory;
mod spill;
mod stowage;

pub use exchange::{Exchange, Keyed};
pub use gathered::Gathered;
pub use kernel::{gather_by_key, group_by_key, join_by_key, join_to_sorted};
pub use kin::{Families, Kin};
pub use memory::{machine_bytes, peak_bytes};
pub use spill::{Packed, Piece, Spill, SpillError};
pub use stowage::Stowage;
