//! Floor 1: frames. The canonical columns said once, and the frames that hold them.

pub mod fields;
pub mod schema;
