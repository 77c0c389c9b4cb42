//! The one integration binary.

mod pipelines;
