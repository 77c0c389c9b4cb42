//! Floor 1: frames. The canonical columns said once, the frames that hold them, and the bridge
//! from Arrow to polars.

pub mod fields;
pub mod schema;
pub mod stated;
pub mod books;
pub mod lots;
pub mod claims;
pub mod bridge;
