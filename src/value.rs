//! Floor 0: values. Money, points, ratios, versions, periods, tokens: no disk, no clock, no polars.

pub mod kind;
pub mod money;
pub mod capitals;
pub mod party;
pub mod period;
pub mod points;
pub mod price;
pub mod problem;
pub mod rounding;
pub mod exact;
pub mod allot;
pub mod token;
pub mod version;
