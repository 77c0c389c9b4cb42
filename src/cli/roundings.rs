//! What a person or a program reads of a period under every rounding.

use serde::Serialize;

use super::summary::table;
use crate::run::{Rounded, Roundings};

/// Every rounding for programs.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    agreement: &'a str,
    period: &'a str,
    as_of: String,
    blocked: bool,
    roundings: Vec<Row>,
}

/// One rounding of one currency; amounts are texts, so that no reader makes floats of them.
#[derive(Debug, Serialize)]
struct Row {
    currency: &'static str,
    place: &'static str,
    mode: &'static str,
    declared: bool,
    a_payable: String,
    b_payable: String,
    net: String,
}

impl<'a> Report<'a> {
    pub fn of(roundings: &'a Roundings) -> Report<'a> {
        let row = |one: &Rounded| Row {
            currency: one.currency.code(),
            place: one.rounding.place.word(),
            mode: one.rounding.mode.word(),
            declared: one.rounding == roundings.agreement.rounding,
            a_payable: one.payables.a.decimal().to_string(),
            b_payable: one.payables.b.decimal().to_string(),
            net: one.net.decimal().to_string(),
        };
        Report {
            agreement: &roundings.agreement.id,
            period: &roundings.period,
            as_of: roundings.as_of.to_string(),
            blocked: roundings.is_blocked,
            roundings: roundings.rounded.iter().map(row).collect(),
        }
    }
}

/// Every rounding for people.
pub fn text(roundings: &Roundings) -> String {
    let agreement = &roundings.agreement;
    let (a, b) = (&agreement.parties.a.code, &agreement.parties.b.code);
    let title = format!(
        "Roundings 舍入对照  {}  {}  as of {}",
        agreement.id, roundings.period, roundings.as_of
    );
    if roundings.is_blocked {
        return format!(
            "{title}\nThe statement is BLOCKED 阻断, so that nothing has been cleared; `hutong run` \
             says why."
        );
    }
    let rows = roundings.rounded.iter().map(|one| {
        let is_declared = one.rounding == agreement.rounding;
        vec![
            one.currency.code().to_owned(),
            one.rounding.place.word().to_owned(),
            one.rounding.mode.word().to_owned(),
            if is_declared { "agreed 约定".to_owned() } else { String::new() },
            one.payables.a.to_string(),
            one.payables.b.to_string(),
            one.net.to_string(),
        ]
    });
    let (a_payable, b_payable) = (format!("{a} payable"), format!("{b} payable"));
    let header = [
        ("currency", "币种"),
        ("place", "舍入处"),
        ("mode", "方式"),
        ("", ""),
        (a_payable.as_str(), "甲方应付"),
        (b_payable.as_str(), "乙方应付"),
        ("net", "净额"),
    ];
    let shown = table(&title, &header, 4, rows.collect());
    format!("{shown}net 净额: positive, {a} pays {b} 为正则 {a} 付 {b}")
}
