//! What can be asked of a publication: lists, samples, and what would have been.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rust_decimal::Decimal;

use super::count::NonZeroCount;
use crate::pipeline::Setting;

#[derive(Debug, Args)]
pub struct ShowArguments {
    /// The publication: its folder, or a pointer such as `latest`.
    pub publication: PathBuf,
    /// By what discrepancies are summed.
    #[arg(long, value_enum, default_value = "code", conflicts_with = "items")]
    pub by: SummedBy,
    /// List the discrepancies instead.
    #[arg(long)]
    pub items: bool,
    /// Show what each publication of the period came to instead, night by night (历次发布).
    #[arg(long, conflicts_with_all = ["items", "by", "code", "severity", "effect", "party", "min_age", "min_money", "sort", "limit", "page"])]
    pub history: bool,
    /// Only these codes, such as EVT-01,AMT-01.
    #[arg(long, value_name = "CODES", value_delimiter = ',', value_parser = rule_code)]
    pub code: Vec<String>,
    /// Only these severities: information, warning, error, fatal.
    #[arg(long, value_name = "WORDS", value_delimiter = ',', value_parser = ["information", "warning", "error", "fatal"])]
    pub severity: Vec<String>,
    /// Only these effects: counted, dispute, pending, held, excluded, blocks.
    #[arg(long, value_name = "WORDS", value_delimiter = ',', value_parser = ["counted", "dispute", "pending", "held", "excluded", "blocks"])]
    pub effect: Vec<String>,
    /// Only those of this party's points: a or b.
    #[arg(long, value_parser = ["a", "b"])]
    pub party: Option<String>,
    /// Only those that are at least so many days old.
    #[arg(long, value_name = "DAYS")]
    pub min_age: Option<i64>,
    /// Only those worth at least so much, such as 100.00.
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub min_money: Option<Decimal>,
    /// The order of the list.
    #[arg(long, value_enum, default_value = "code")]
    pub sort: SortedBy,
    /// How many are listed on a page; 0: all.
    #[arg(long, value_name = "ROWS", default_value_t = 20)]
    pub limit: usize,
    /// Which page of them.
    #[arg(long, value_name = "N", default_value = "1")]
    pub page: NonZeroCount,
}

/// How events are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DrawnBy {
    /// Monetary-unit sampling: by worth.
    Mus,
    /// All are equally likely.
    Random,
    /// Each line of the statement has its share.
    Stratified,
}

/// By what discrepancies are summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SummedBy {
    /// The rule.
    Code,
    /// Whose points.
    Party,
    /// How grave.
    Severity,
    /// What became of the rows.
    Effect,
    /// How old.
    Age,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SortedBy {
    /// By code.
    Code,
    /// The dearest first.
    Money,
    /// The oldest first.
    Age,
}

#[derive(Debug, Args)]
pub struct WhatIfArguments {
    /// The publication: its folder, or a pointer such as `latest`.
    pub publication: PathBuf,
    /// The pipeline file that it came from.
    #[arg(long, value_name = "FILE")]
    pub pipeline: PathBuf,
    /// A value to be set, by its keys; an item of a list by its number, from 0.
    #[arg(long, required = true, value_name = "KEY.KEY=VALUE")]
    pub set: Vec<Setting>,
    /// How many rows of each table are shown; 0: all.
    #[arg(long, value_name = "ROWS", default_value_t = 20)]
    pub limit: usize,
}

fn rule_code(text: &str) -> Result<String, String> {
    let code = text.trim().to_uppercase();
    match crate::detect::rules().find(|rule| rule.code == code) {
        Some(_) => Ok(code),
        None => Err(format!("`{code}` is no code that `hutong rules` lists")),
    }
}

fn amount(text: &str) -> Result<Decimal, &'static str> {
    Decimal::from_str_exact(text).map_err(|_| "write an amount such as 100.00")
}
