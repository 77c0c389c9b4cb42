//! What comes of terms that the manifest names: fees and taxes of the line above them, how they are
//! rounded, and what held points are worth.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Record, arithmetic};
use crate::review::Term;
use crate::review::charge::{Charge, Rounding, beneath};
use crate::value::money::{Currency, grouped};
use crate::value::rounding::Mode;

/// The arithmetic of a line: of a fee or tax from the line that it is a share of, of another from
/// its points.
pub(super) fn of_line(lines: &[Record], at: usize, terms: &[Term]) -> String {
    let Some(line) = lines.get(at) else { return String::new() };
    let is_charge = matches!(line["type"].as_str(), "fee" | "tax" | "tax_within");
    let told = if is_charge { of_charge(lines, at, terms) } else { None };
    told.unwrap_or_else(|| arithmetic::of_line(line))
}

/// `line 1: 60.40 × 0.02 = 1.208 → 1.21 CNY`.
fn of_charge(lines: &[Record], at: usize, terms: &[Term]) -> Option<String> {
    let line = &lines[at];
    let gross = lines[..at].iter().rposition(|line| line["type"] == "gross")?;
    let charges = beneath(terms, &line["issuer"], &line["flow"])?;
    let charge = charges.get(at - gross - 1).filter(|charge| charge.kind == line["type"])?;
    let base = &lines[at - charge.above];
    let rounding = Rounding::of(terms)?;
    let currency = &line["currency"];
    let of = match rounding.place {
        "statement" => base["exact"].parse().ok()?,
        _ => arithmetic::in_digits(base["amount"].parse().ok()?, currency),
    };
    let share = share_of(charge, of)?;
    let bounds = [("at least 不低于", charge.least), ("at most 不高于", charge.most)];
    let bounds = bounds.iter().filter_map(|(word, bound)| Some(format!(", {word} {}", (*bound)?)));
    Some(format!(
        "line 行 {}: {share}{} → {} {}",
        base["line_no"],
        bounds.collect::<String>(),
        arithmetic::in_currency(&line["amount"], currency),
        currency
    ))
}

/// `60.40 × 0.02 = 1.208`, and for a tax within it `1.21 × 0.06 ÷ 1.06 = 0.0684…`.
pub(super) fn share_of(charge: &Charge, base: Decimal) -> Option<String> {
    let (exact, share) = (charge.of(base)?, charge.share);
    let base = grouped(&base.to_string());
    if charge.kind != "tax_within" {
        return Some(format!("{base} × {share} = {}", arithmetic::short(&exact.to_string())));
    }
    let whole = share.checked_add(Decimal::ONE)?;
    // A quotient may have no end: four digits beyond the minor ones show how it rounds.
    let shown = exact.trunc_with_scale(6);
    let rest = if shown == exact { "" } else { "…" };
    let shown = arithmetic::short(&shown.to_string());
    Some(format!("{base} × {share} ÷ {} = {shown}{rest}", whole.normalize()))
}

/// `half_up 四舍五入, per line 按行`: of a line that is rounded.
pub(super) fn of_rounding(line: &Record, terms: &[Term]) -> String {
    if !matches!(line["type"].as_str(), "gross" | "fee" | "tax" | "tax_within") {
        return String::new();
    }
    let Some(rounding) = Rounding::of(terms) else { return String::new() };
    let mode = Mode::ALL.iter().find(|mode| mode.word() == rounding.mode);
    let mode = mode.map_or("", |mode| mode.zh());
    let place = match rounding.place {
        "event" => "each event 逐笔",
        "line" => "each line 逐行",
        _ => "each party's total, shared by largest remainder 各方合计，按最大余数分摊",
    };
    format!("{} {mode}, {place}", rounding.mode)
}

/// Lines that are named one by one.
const LINES_SHOWN: usize = 10;

/// Where a statement is rounded, how a party's total is shared: `lines 行 1, 2, 3 of a: 61.6754
/// exactly 精确 → 61.68; each line down to 0.01 向下 61.66, and 2 × 0.01 to the largest remainders
/// 余数最大 of lines 行 3, 1`.
pub(super) fn of_share(lines: &[Record], at: usize, terms: &[Term]) -> Option<String> {
    let rounding = Rounding::of(terms).filter(|rounding| rounding.place == "statement")?;
    let line = lines.get(at)?;
    let is_shared = |line: &Record| matches!(line["type"].as_str(), "gross" | "fee" | "tax");
    if !is_shared(line) {
        return None;
    }
    let digits = Currency::of(&line["currency"])?.digits();
    let unit = Decimal::new(1, digits);
    let (mut exact, mut floors) = (Decimal::ZERO, Decimal::ZERO);
    let mut rests: Vec<(Decimal, (bool, usize), &str)> = Vec::new();
    let is_its = |one: &&Record| {
        is_shared(one) && one["payer"] == line["payer"] && one["currency"] == line["currency"]
    };
    for (place, one) in lines.iter().filter(is_its).enumerate() {
        let part = one["exact"].parse::<Decimal>().ok()?;
        let floor = part.checked_div(unit)?.floor().checked_mul(unit)?;
        exact = exact.checked_add(part)?;
        floors = floors.checked_add(floor)?;
        let rank = (one["issuer"] != one["payer"], place);
        rests.push((part.checked_sub(floor)?, rank, &one["line_no"]));
    }
    let total = rounding.round(exact, digits)?;
    let units = total.checked_sub(floors)?.checked_div(unit)?.to_usize()?;
    let named = |numbers: &[&str]| {
        let rest = numbers.len().saturating_sub(LINES_SHOWN);
        let rest = if rest == 0 { String::new() } else { format!(" … and {rest} more 其余") };
        format!("{}{rest}", numbers[..numbers.len().min(LINES_SHOWN)].join(", "))
    };
    let all: Vec<&str> = rests.iter().map(|(.., number)| *number).collect();
    rests.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
    let raised: Vec<&str> = rests.iter().take(units).map(|(.., number)| *number).collect();
    let shown = |mut amount: Decimal| {
        amount.rescale(digits);
        grouped(&amount.to_string())
    };
    let up = match raised.as_slice() {
        [] => "nothing is left 无余".to_owned(),
        raised => format!(
            "{} × {unit} to the largest remainders 余数最大, lines 行 {}",
            raised.len(),
            named(raised)
        ),
    };
    Some(format!(
        "lines 行 {} of {}: {} exactly 精确 → {}; each line down 向下 to {unit}: {}; {up}",
        named(&all),
        line["payer"],
        arithmetic::short(&exact.to_string()),
        shown(total),
        shown(floors)
    ))
}

/// `800 × 0.008 = 6.4 CNY, clause 一.3`: with the rate of the period that gives it, and where none
/// does, because the item is of an earlier one, the worth alone.
pub(super) fn of_held(item: &Record, terms: &[Term]) -> String {
    let (amount, currency) = (item["amount"].as_str(), item["currency"].as_str());
    if amount.is_empty() {
        return String::new();
    }
    let worth = format!("{} {currency}", arithmetic::short(amount));
    let figures = (item["points"].parse::<i64>(), amount.parse::<Decimal>());
    let (Ok(points), Ok(amount)) = figures else { return worth };
    let flows: &[&str] = match item["kind"].as_str() {
        "xburn" | "xaccept" => &["redemption rate"],
        "xout" | "xin" => &["conversion rate"],
        "xearn" | "xaward" => &["sale rate"],
        _ => &["redemption rate", "conversion rate", "sale rate"],
    };
    let gives = |term: &&Term| {
        let rate = term.value.strip_suffix(currency).map(str::trim_end);
        let rate = rate.and_then(|rate| rate.parse::<Decimal>().ok());
        term.party.as_deref() == Some(item["issuer"].as_str())
            && flows.contains(&term.term.as_str())
            && rate.and_then(|rate| rate.checked_mul(points.into())) == Some(amount)
    };
    let Some(term) = terms.iter().find(gives).filter(|_| points != 0) else { return worth };
    let rate = term.value.split(' ').next().unwrap_or_default();
    let clause = match term.clause.as_str() {
        "" => String::new(),
        clause => format!(", clause 条款 {clause}"),
    };
    format!("{} × {rate} = {worth}{clause}", grouped(&points.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(cells: &[(&str, &str)]) -> Record {
        cells.iter().map(|&(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    }

    fn term(party: Option<&str>, term: &str, value: &str) -> Term {
        let [term, value, clause] = [term, value, "四.1"].map(str::to_owned);
        Term { party: party.map(str::to_owned), term, value, clause, ..Term::default() }
    }

    #[test]
    fn a_fee_and_its_tax_are_told_from_the_line_above() {
        let line = |number: &str, kind: &str, amount: &str, exact: &str| {
            let cells = [("line_no", number), ("type", kind), ("amount", amount), ("exact", exact)];
            let whose = [("issuer", "a"), ("flow", "redemption"), ("currency", "CNY")];
            record(&[&cells[..], &whose[..]].concat())
        };
        let lines = [
            line("1", "gross", "1060.40", "1060.404"),
            line("2", "fee", "500.00", "21.208"),
            line("3", "tax_within", "28.30", ""),
            line("4", "tax", "63.62", "63.624"),
        ];
        let terms = |place: &str| {
            [
                term(None, "rounding of money", place),
                term(
                    Some("a"),
                    "redemption fee",
                    "share 0.02, paid by a, least 500, tax 0.06 inclusive",
                ),
                term(Some("a"), "redemption tax", "share 0.06 exclusive, paid by b"),
            ]
        };
        let rows = [
            (
                1,
                "line half_up",
                "line 行 1: 1,060.40 × 0.02 = 21.208, at least 不低于 500 → 500.00 CNY",
            ),
            (2, "line half_up", "line 行 2: 500.00 × 0.06 ÷ 1.06 = 28.301886… → 28.30 CNY"),
            (3, "line half_up", "line 行 1: 1,060.40 × 0.06 = 63.624 → 63.62 CNY"),
            (3, "statement up", "line 行 1: 1,060.404 × 0.06 = 63.62424 → 63.62 CNY"),
        ];
        for (at, place, told) in rows {
            assert_eq!(of_charge(&lines, at, &terms(place)).as_deref(), Some(told));
        }
        assert_eq!(of_charge(&lines, 2, &terms("line half_up")[..1]), None);
    }

    /// 21.208 + 0.424 + 0.3 are 21.932 and so 21.93; down they are 21.20, 0.42 and 0.30.
    #[test]
    fn a_total_is_shared_by_the_largest_remainders() {
        let line = |number: &str, kind: &str, exact: &str| {
            let cells = [("line_no", number), ("type", kind), ("exact", exact)];
            let whose = [("payer", "a"), ("currency", "CNY")];
            record(&[&cells[..], &whose[..]].concat())
        };
        let lines = [
            line("1", "gross", "21.208"),
            line("2", "fee", "0.424"),
            line("3", "carry", "5.009"),
            line("4", "gross", "0.3"),
        ];
        let told = "lines 行 1, 2, 4 of a: 21.932 exactly 精确 → 21.93; each line down 向下 to 0.01: \
                    21.92; 1 × 0.01 to the largest remainders 余数最大, lines 行 1";
        let place = |place: &str| [term(None, "rounding of money", place)];
        assert_eq!(of_share(&lines, 1, &place("statement half_up")).as_deref(), Some(told));
        assert_eq!(of_share(&lines, 2, &place("statement half_up")), None);
        assert_eq!(of_share(&lines, 1, &place("line half_up")), None);
    }

    #[test]
    fn what_is_held_is_told_by_a_rate_that_gives_it() {
        let terms = [
            term(Some("b"), "redemption rate", "0.008 CNY"),
            term(Some("a"), "sale rate", "0.008 CNY"),
            term(Some("a"), "redemption rate", "0.008 CNY"),
        ];
        let rows = [
            ("xburn", "6.400000", "800 × 0.008 = 6.4 CNY, clause 条款 四.1"),
            ("xburn", "7.2", "7.2 CNY"),
            ("xout", "6.4", "6.4 CNY"),
            ("reversal", "6.4", "800 × 0.008 = 6.4 CNY, clause 条款 四.1"),
            ("xburn", "", ""),
        ];
        for (kind, amount, told) in rows {
            let item = record(&[
                ("issuer", "a"),
                ("kind", kind),
                ("points", "800"),
                ("amount", amount),
                ("currency", "CNY"),
            ]);
            assert_eq!(of_held(&item, &terms), told, "{kind}");
        }
    }
}
