//! Columns in one line each, and cells that several tables share.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::super::table::{Cells, Column};
use crate::statement::VersionName;
use crate::value::party::Party;
use crate::value::period::Instant;

pub(super) fn text<R>(
    name: &'static str,
    zh: &'static str,
    cell: for<'r> fn(&'r R) -> Option<Cow<'r, str>>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Text(cell) }
}

pub(super) fn integer<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<i128>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Integer(cell) }
}

pub(super) fn money<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Decimal>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Money(cell) }
}

pub(super) fn exact<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Decimal>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Exact(cell) }
}

pub(super) fn day<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Date>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Day(cell) }
}

pub(super) fn at<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<Instant>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::At(cell) }
}

pub(super) fn flag<R>(
    name: &'static str,
    zh: &'static str,
    cell: fn(&R) -> Option<bool>,
    meaning: &'static str,
) -> Column<R> {
    Column { name, zh, meaning, cells: Cells::Flag(cell) }
}

pub(super) fn some(text: &str) -> Option<Cow<'_, str>> {
    Some(Cow::Borrowed(text))
}

pub(super) fn word<'r>(word: &'static str) -> Option<Cow<'r, str>> {
    Some(Cow::Borrowed(word))
}

pub(super) fn letter<'r>(party: Option<Party>) -> Option<Cow<'r, str>> {
    party.map(|party| Cow::Borrowed(party.letter()))
}

pub(super) fn joined(texts: &[String]) -> Option<Cow<'_, str>> {
    match texts {
        [] => None,
        [one] => Some(Cow::Borrowed(one)),
        several => Some(Cow::Owned(several.join(";"))),
    }
}

pub(super) fn version_from(version: &Option<VersionName>) -> Option<Cow<'_, str>> {
    version.as_ref().map(|version| Cow::Borrowed(version.from.as_str()))
}

pub(super) fn version_value(version: &Option<VersionName>) -> Option<Cow<'_, str>> {
    version.as_ref().map(|version| Cow::Borrowed(version.value.as_str()))
}
