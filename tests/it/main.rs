//! The one integration binary: cases, oracle, laws, pipelines, command line, README, tidiness.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a variable says how many worlds to try")]

mod pipelines;
mod world;
mod oracle;
mod worlds;
mod laws;
mod tidy;
mod readme;
mod roundings;
mod published;
mod truth;
mod same_bytes;
mod memory;
mod cache;
mod sample;
mod workbook;
mod tables;
mod worked_example;
mod report;
mod ratio_change;
mod cases;
mod feed_examples;
mod first_look;
mod hostile;
mod misread;
mod pitfalls;
mod combined;
mod exports;
mod rulings;
mod command;
mod cut_short;
mod bad_input;
mod three_months;
mod closed;
mod review;
mod deliveries;
mod forged;
mod damaged;
mod listed;
