//! The one integration binary: cases, oracle, laws, pipelines, command line, README, tidiness.

mod pipelines;
mod world;
mod oracle;
mod worlds;
mod laws;
