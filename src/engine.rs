//! Floor 2: the engine. It co-locates rows by key and runs a pure function on every bucket.
//!
//! Co-location is the one guarantee that any engine can give cheaply: all rows with one key land
//! in one bucket. Each step over rows is a function of one bucket, and what crosses buckets is
//! small, associative and sorted before anybody sees it. Nothing may rely on the order in which
//! the exchange delivers rows.

mod exchange;
mod kernel;
mod memory;

pub use exchange::{Exchange, Keyed};
pub use kernel::{gather_by_key, group_by_key, join_by_key};
pub use memory::peak_bytes;
