//! What a plan says of money besides ratios and rates: currencies, fees, taxes, caps, the late fee.

use std::fmt;

use rust_decimal::Decimal;
use serde::Serialize;

use super::shown::{clause, line};
use crate::agreement::{Agreement, Fee, GrossTax, Scope, Tax};
use crate::value::kind::Flow;
use crate::value::party::Party;

/// Charges, caps and currencies of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedCharges {
    /// On what an issuer's points are paid, where that is not every flow.
    pub settle_on: Vec<PlannedSettleOn>,
    /// The fees.
    pub fees: Vec<PlannedFee>,
    /// The taxes on gross.
    pub taxes: Vec<PlannedTax>,
    /// The caps, in order.
    pub caps: Vec<PlannedCap>,
    /// The least that counts.
    pub minimums: Vec<PlannedCap>,
    /// What an overdue statement costs.
    pub late_fee: Option<PlannedLateFee>,
    /// The currencies, with the minimum and the carry of each.
    pub currencies: Vec<PlannedCurrency>,
}

/// On what an issuer's points are paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedSettleOn {
    /// Whose points.
    pub issuer: &'static str,
    /// `redemption` or `issuance`.
    pub settle_on: &'static str,
}

/// A fee of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFee {
    /// Per cent of gross.
    pub percent: String,
    /// `issuer` or `acceptor`.
    pub paid_by: &'static str,
    /// The least that it comes to.
    pub min: Option<String>,
    /// The most that it comes to.
    pub max: Option<String>,
    /// The flows that have it.
    pub flows: Vec<&'static str>,
    /// The issuers whose points have it.
    pub issuers: Vec<&'static str>,
    /// Per cent of tax on the fee.
    pub tax_percent: Option<String>,
    /// `inclusive` (价内) or `exclusive` (价外).
    pub tax_mode: Option<&'static str>,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// A tax on gross of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedTax {
    /// Per cent of gross.
    pub percent: String,
    /// `inclusive` (价内) or `exclusive` (价外).
    pub mode: &'static str,
    /// `issuer` or `acceptor`.
    pub paid_by: &'static str,
    /// The flows that have it.
    pub flows: Vec<&'static str>,
    /// The issuers whose points have it.
    pub issuers: Vec<&'static str>,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// A cap, or the least that counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedCap {
    /// Whose points.
    pub issuer: &'static str,
    /// The flow; none: all of the issuer's.
    pub flow: Option<&'static str>,
    /// `member`, `period` or `event`.
    pub per: &'static str,
    /// Points in the programme's smallest unit.
    pub points: i64,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// The late fee of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedLateFee {
    /// Share of the principal a day.
    pub per_day: String,
    /// The clause of the agreement.
    pub clause: Option<String>,
}

/// A currency of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedCurrency {
    /// The currency.
    pub currency: &'static str,
    /// Below it nothing is due.
    pub minimum_settlement: String,
    /// What the first period carries in; positive: A owes B.
    pub opening_carry: String,
}

/// The charges, caps and currencies of an agreement.
pub(super) fn charges(agreement: &Agreement) -> PlannedCharges {
    let settle_on = agreement.settle_on.iter().filter_map(|(issuer, settle_on)| {
        let settle_on = (*settle_on)?.word();
        Some(PlannedSettleOn { issuer: issuer.letter(), settle_on })
    });
    let caps = agreement.caps.iter().map(|cap| PlannedCap {
        issuer: cap.issuer.letter(),
        flow: cap.flow.map(Flow::word),
        per: if cap.per_member { "member" } else { "period" },
        points: cap.points,
        clause: cap.clause.clone(),
    });
    let minimums = agreement.minimums.iter().map(|minimum| PlannedCap {
        issuer: minimum.issuer.letter(),
        flow: minimum.flow.map(Flow::word),
        per: "event",
        points: minimum.points,
        clause: minimum.clause.clone(),
    });
    let currencies = agreement.currencies.iter().map(|terms| PlannedCurrency {
        currency: terms.currency.code(),
        minimum_settlement: terms.minimum_settlement.decimal().to_string(),
        opening_carry: terms.opening_carry.decimal().to_string(),
    });
    PlannedCharges {
        settle_on: settle_on.collect(),
        fees: agreement.fees.iter().map(planned_fee).collect(),
        taxes: agreement.taxes.iter().map(planned_tax).collect(),
        caps: caps.collect(),
        minimums: minimums.collect(),
        late_fee: agreement.late_fee.as_ref().map(|late_fee| PlannedLateFee {
            per_day: late_fee.per_day.to_string(),
            clause: late_fee.clause.clone(),
        }),
        currencies: currencies.collect(),
    }
}

fn percent(share: Decimal) -> String {
    share.checked_mul(Decimal::ONE_HUNDRED).unwrap_or(share).normalize().to_string()
}

fn tax_mode(tax: Tax) -> &'static str {
    if tax.inclusive { "inclusive" } else { "exclusive" }
}

fn payer(issuer_pays: bool) -> &'static str {
    if issuer_pays { "issuer" } else { "acceptor" }
}

fn flows(scope: &Scope) -> Vec<&'static str> {
    scope.flows.iter().map(|flow| flow.word()).collect()
}

fn issuers(scope: &Scope) -> Vec<&'static str> {
    scope.issuers.iter().map(|issuer| issuer.letter()).collect()
}

fn planned_fee(fee: &Fee) -> PlannedFee {
    PlannedFee {
        percent: percent(fee.share),
        paid_by: payer(fee.issuer_pays),
        min: fee.min.map(|min| min.to_string()),
        max: fee.max.map(|max| max.to_string()),
        flows: flows(&fee.scope),
        issuers: issuers(&fee.scope),
        tax_percent: fee.tax.map(|tax| percent(tax.share)),
        tax_mode: fee.tax.map(tax_mode),
        clause: fee.clause.clone(),
    }
}

fn planned_tax(tax: &GrossTax) -> PlannedTax {
    PlannedTax {
        percent: percent(tax.tax.share),
        mode: tax_mode(tax.tax),
        paid_by: payer(tax.issuer_pays),
        flows: flows(&tax.scope),
        issuers: issuers(&tax.scope),
        clause: tax.clause.clone(),
    }
}

/// What restricts a charge, in words; nothing where it applies to every line.
fn scope(flows: &[&str], issuers: &[&str]) -> String {
    let mut shown = String::new();
    if flows.len() < Flow::ALL.len() {
        shown.push_str(&format!(", on {}", flows.join(" and ")));
    }
    if issuers.len() < Party::BOTH.len() {
        shown.push_str(&format!(", of {}'s points", issuers.join(" and ")));
    }
    shown
}

impl PlannedCharges {
    /// What comes between rates and rounding.
    pub(super) fn show_charges(
        &self,
        f: &mut fmt::Formatter<'_>,
        scaled: &dyn Fn(&str) -> bool,
    ) -> fmt::Result {
        for settled in &self.settle_on {
            let shown = format!("{} on {}", settled.issuer, settled.settle_on);
            line(f, "settled", "结算基础", &shown)?;
        }
        for fee in &self.fees {
            let mut shown = format!("{}% of gross, paid by the {}", fee.percent, fee.paid_by);
            for (word, bound) in [("at least", &fee.min), ("at most", &fee.max)] {
                if let Some(bound) = bound {
                    shown.push_str(&format!(", {word} {bound}"));
                }
            }
            shown.push_str(&scope(&fee.flows, &fee.issuers));
            if let (Some(percent), Some(mode)) = (&fee.tax_percent, fee.tax_mode) {
                shown.push_str(&format!(", tax 税 {percent}% {mode}"));
            }
            line(f, "fee", "手续费", &format!("{shown}{}", clause(fee.clause.as_deref())))?;
        }
        if self.fees.is_empty() {
            line(f, "fee", "手续费", "none 无")?;
        }
        for tax in &self.taxes {
            let scope = scope(&tax.flows, &tax.issuers);
            let clause = clause(tax.clause.as_deref());
            let (percent, mode, payer) = (&tax.percent, tax.mode, tax.paid_by);
            let shown = format!("{percent}% of gross {mode}, paid by the {payer}{scope}{clause}");
            line(f, "tax", "税", &shown)?;
        }
        for (label, zh, caps) in [("cap", "上限", &self.caps), ("minimum", "下限", &self.minimums)]
        {
            for cap in caps {
                let flow = cap.flow.map_or_else(String::new, |flow| format!(" {flow}"));
                let clause = clause(cap.clause.as_deref());
                let noun =
                    if scaled(cap.issuer) { "smallest units 最小单位" } else { "points" };
                let shown =
                    format!("{}{flow} {} {noun} per {}{clause}", cap.issuer, cap.points, cap.per);
                line(f, label, zh, &shown)?;
            }
        }
        if let Some(late_fee) = &self.late_fee {
            let clause = clause(late_fee.clause.as_deref());
            let shown = format!("{} of the principal a day{clause}", late_fee.per_day);
            line(f, "late fee", "逾期费", &shown)?;
        }
        Ok(())
    }

    /// The minimum and the carry of each currency.
    pub(super) fn show_currencies(
        &self,
        f: &mut fmt::Formatter<'_>,
        carry_clause: Option<&str>,
    ) -> fmt::Result {
        for terms in &self.currencies {
            let currency = terms.currency;
            let minimum = format!("{} {currency}", terms.minimum_settlement);
            line(f, "minimum settlement", "起付金额", &minimum)?;
            let carry = format!("{} {currency}{}", terms.opening_carry, clause(carry_clause));
            line(f, "opening carry", "期初结转", &carry)?;
        }
        Ok(())
    }
}
