//! Hutong (互通) reconciles two loyalty programmes and clears what they owe one another.
//!
//! Company A's members may spend A-points at B and the other way round (会员体系互通合同). Each side
//! keeps its own books and sends them; Hutong says where the books disagree, who owes whom how much
//! under the agreement, and proves it.
//!
//! # The line
//!
//! ```text
//! pipelines/*.yaml ─▶ Declaration ─▶ Pipeline ─▶ raw rows ─▶ canonical frames (+ rejects)
//!   ─▶ links ─▶ paired events ─▶ discrepancies ─▶ obligations ─▶ statement
//!   ─▶ staged Parquet and manifest ─▶ rename = published
//! ```
//!
//! [`run::run`] is that line as code. Rows that do not fit into memory go it in portions
//! (docs/memory.md).
//!
//! # The floors
//!
//! Each uses only what is beneath it; a test holds them apart.
//!
//! | floor | modules | what is absent there |
//! |---|---|---|
//! | 5 | [`cli`] | |
//! | 4 | [`run`], [`review`], [`generate`] | printing |
//! | 3 | [`pipeline`] | rows |
//! | 2 | [`engine`], [`source`], [`matching`], [`detect`], [`clear`], [`publish`] | one another |
//! | 1 | [`frame`] and the nouns that are handed over | disk |
//! | 0 | [`value`] | disk, clock, polars |
//!
//! The engine alone is used by its neighbours on floor 2.
//! Only `source` and `publish` open files while rows flow, and `engine` sets rows aside in files
//! that have no name; `pipeline` and `feed` look files up, and `generate` writes its own; `review`
//! reads publications back.
//! No type of polars stands on floor 0, and `frame/bridge.rs` alone leads from Arrow to polars.
//! Nothing reads the clock, the machine's zone or an unseeded random number.
//!
//! # Three sorts of trouble
//!
//! - A [`discrepancy::Discrepancy`] is the product: the partners disagree, and that is data.
//! - A [`value::problem::Problem`] can be mended by the user: many are told at once, each with its
//!   place and its cure.
//! - A [`run::Error`] ends the run: one, with its exit code.
//!
//! The modules below stand in reading order.

pub mod value;
pub mod frame;
pub mod feed;
pub mod agreement;
pub mod links;
pub mod event;
pub mod discrepancy;
pub mod ruling;
pub mod claim;
pub mod past;
pub mod judgement;
pub mod account;
pub mod statement;
pub mod control;
pub mod engine;
pub mod source;
pub mod matching;
pub mod detect;
pub mod clear;
pub mod publish;
pub mod pipeline;
pub mod run;
pub mod review;
pub mod generate;
pub mod cli;
