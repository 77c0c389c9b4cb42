//! Figures as a chain that can be followed with a pencil; each is computed again, exactly.

use rust_decimal::Decimal;

use super::Record;
use crate::review::Term;
use crate::review::due::Due;
use crate::value::money::{Currency, grouped};

/// A decimal without the zeros at its end, and with commas.
pub(super) fn short(text: &str) -> String {
    match text.parse::<Decimal>() {
        Ok(amount) => grouped(&amount.normalize().to_string()),
        Err(_) => text.to_owned(),
    }
}

/// An amount with the minor digits of its currency; the columns have those of the finest one. What
/// is finer stands as it is.
pub(super) fn in_currency(text: &str, currency: &str) -> String {
    match text.parse::<Decimal>() {
        Ok(amount) => grouped(&in_digits(amount, currency).to_string()),
        Err(_) => text.to_owned(),
    }
}

/// The same as a figure.
pub(super) fn in_digits(amount: Decimal, currency: &str) -> Decimal {
    let mut shown = amount.normalize();
    let digits = Currency::of(currency).map_or(amount.scale(), Currency::digits);
    if shown.scale() < digits {
        shown.rescale(digits);
    }
    shown
}

/// `1,000 × 1/3 = 333 + 1/3 → 333 agreed, down (toward zero), clause 一.3; 333 recorded`: with the
/// ratio as the event's line has it, where it is that of the event.
pub(super) fn of_mirror(event: &Record, line: Option<&Record>, terms: &[Term]) -> String {
    let whole = |name: &str| event[name].parse::<i128>().ok();
    let (Some(numerator), Some(denominator)) =
        (whole("exact_numerator"), whole("exact_denominator").filter(|it| *it > 0))
    else {
        return String::new();
    };
    let (quotient, rest) = (numerator / denominator, numerator % denominator);
    let exact = match rest {
        0 => grouped(&quotient.to_string()),
        rest => {
            let sign = if rest < 0 { "-" } else { "+" };
            format!("{} {sign} {}/{denominator}", grouped(&quotient.to_string()), rest.abs())
        }
    };
    let by_ratio = line.and_then(|line| {
        let (points, of) = (whole("points")?, line["ratio"].split_once(':')?);
        let (below, above) = (of.0.parse::<i128>().ok()?, of.1.parse::<i128>().ok()?);
        let is_it = below == denominator && points.checked_mul(above) == Some(numerator);
        is_it.then(|| format!("{} × {above}/{below}", grouped(&points.to_string())))
    });
    let chain = by_ratio.unwrap_or_else(|| {
        format!("{} ÷ {}", grouped(&numerator.to_string()), grouped(&denominator.to_string()))
    });
    let rounding = terms.iter().find(|term| term.term == "rounding of mirrors");
    let rounding = match rounding.map(|term| term.value.as_str()) {
        None => String::new(),
        Some(_) if rest == 0 => String::new(),
        Some("down") => ", down (toward zero) 向零舍入".to_owned(),
        Some(mode) => format!(", {mode}"),
    };
    let figure = |name: &str| match event[name].as_str() {
        "" => "nothing 无".to_owned(),
        points => grouped(points),
    };
    let clause = match clause_of(event, numerator, denominator, terms) {
        None => String::new(),
        Some(clause) => format!(", clause 条款 {clause}"),
    };
    format!(
        "{chain} = {exact} → {} agreed 约定{rounding}{clause}; {} recorded 记录",
        figure("agreed_mirror"),
        figure("recorded_mirror")
    )
}

/// The clause of the issuer's ratio by which points have that exact mirror, where those of the
/// period's that do name one clause.
fn clause_of<'t>(
    event: &Record,
    numerator: i128,
    denominator: i128,
    terms: &'t [Term],
) -> Option<&'t str> {
    let points = event["points"].parse::<i128>().ok()?;
    let is_its = |term: &&Term| {
        let of = term.value.split_once(':');
        let ratio = of.and_then(|of| Some((of.0.parse::<i128>().ok()?, of.1.parse().ok()?)));
        let products = ratio.and_then(|(below, above): (i128, i128)| {
            let left = points.checked_mul(above)?.checked_mul(denominator)?;
            Some(left == numerator.checked_mul(below)?)
        });
        term.term == "ratio"
            && term.party.as_deref() == Some(event["issuer"].as_str())
            && products == Some(true)
    };
    if event["ratio_from"].is_empty() {
        return None;
    }
    let mut clauses = terms.iter().filter(is_its).map(|term| term.clause.as_str());
    let first = clauses.next()?;
    clauses.all(|other| other == first).then_some(first).filter(|clause| !clause.is_empty())
}

/// `1,000 × 0.008 = 8 CNY`.
pub(super) fn of_worth(event: &Record) -> String {
    let points = event["points"].parse::<i64>().ok();
    let rate = event["rate"].parse::<Decimal>().ok();
    let (Some(points), Some(rate)) = (points, rate) else { return String::new() };
    let Some(worth) = rate.checked_mul(points.into()) else { return String::new() };
    format!(
        "{} × {} = {} {}",
        grouped(&points.to_string()),
        rate.normalize(),
        short(&worth.to_string()),
        event["currency"]
    )
}

/// `4 events, 7,550 points: 60.4 exactly → 60.40 CNY`.
pub(super) fn of_line(line: &Record) -> String {
    let currency = &line["currency"];
    let amount = in_currency(&line["amount"], currency);
    let basis = match line["events"].as_str() {
        "" | "0" => String::new(),
        events => {
            let rate = match line["rate"].as_str() {
                "" => String::new(),
                rate if line["type"] == "gross" => format!(" × {}", short(rate)),
                _ => String::new(),
            };
            let noun = if events == "1" { "event" } else { "events" };
            format!("{} {noun}, {} points{rate}: ", grouped(events), grouped(&line["points"]))
        }
    };
    match line["exact"].as_str() {
        "" => format!("{basis}{amount} {currency}"),
        exact => format!("{basis}{} exactly 精确 → {amount} {currency}", short(exact)),
    }
}

/// `61.68 - 14.71 + 0.00 = 46.97: a pays b`.
pub(super) fn of_statement(statement: &Record) -> String {
    let of = |name: &str| in_currency(&statement[name], &statement["currency"]);
    let pays = match statement["payer"].as_str() {
        "" => format!("nothing is due, {} carried 结转", of("carry_forward")),
        payer => format!("{payer} pays {} {}", of("amount_due"), statement["payee"]),
    };
    format!(
        "A's {} - B's {} + carry {} = {} {}: {pays}",
        of("a_payable"),
        of("b_payable"),
        of("opening_carry"),
        of("net"),
        statement["currency"]
    )
}

/// `46.97 is not below the minimum of 10 CNY; 2026-03-31 + 10 days = 2026-04-10`.
pub(super) fn of_due(statement: &Record, due: &Due) -> String {
    let Ok(net) = statement["net"].parse::<Decimal>() else { return String::new() };
    let currency = &statement["currency"];
    let [size, minimum] = [net.abs(), due.minimum].map(|amount| amount.to_string());
    let (size, minimum) = (in_currency(&size, currency), in_currency(&minimum, currency));
    if due.is_carried(net) {
        return format!("{size} is below the minimum 低于最低结算额 of {minimum} {currency}");
    }
    let enough =
        format!("{size} is not below the minimum 不低于最低结算额 of {minimum} {currency}");
    match due.date().filter(|_| !net.is_zero()) {
        Some(date) => format!("{enough}; {} + {} days = {date} 到期", due.last_day, due.days),
        None => enough,
    }
}

/// `3,000 opening + 500 earn - 1,000 xburn = 2,500 expected`.
pub(super) fn of_account(account: &Record) -> String {
    let mut chain = match account["opening"].as_str() {
        "" => "no opening 无期初".to_owned(),
        opening => format!("{} opening 期初", grouped(opening)),
    };
    for (kind, zh) in MOVEMENTS {
        match account[kind].as_str() {
            "" | "0" => {}
            moved => match moved.strip_prefix('-') {
                Some(less) => chain.push_str(&format!(" - {} {kind} {zh}", grouped(less))),
                None => chain.push_str(&format!(" + {} {kind} {zh}", grouped(moved))),
            },
        }
    }
    format!("{chain} = {} expected 应有", grouped(&account["expected"]))
}

/// The columns of movements, in their order, each with its Chinese word.
const MOVEMENTS: [(&str, &str); 10] = [
    ("earn", "累积"),
    ("xearn", "跨店累积"),
    ("burn", "兑换"),
    ("xburn", "跨店兑换"),
    ("xout", "转出"),
    ("xin", "转入"),
    ("reversal", "冲正"),
    ("expire", "失效"),
    ("adjust", "调账"),
    ("merge", "合并"),
];

/// `3,300 reported - 3,350 expected = -50`; nothing where nothing is reported.
pub(super) fn of_difference(account: &Record) -> String {
    let whole = |name: &str| account[name].parse::<i64>().ok();
    let (Some(reported), Some(expected)) = (whole("reported"), whole("expected")) else {
        return String::new();
    };
    let Some(difference) = reported.checked_sub(expected) else { return String::new() };
    let of = |points: i64| grouped(&points.to_string());
    let (sign, size) =
        if expected < 0 { ("+", of(expected.saturating_neg())) } else { ("-", of(expected)) };
    format!("{} reported 报告 {sign} {size} expected 应有 = {}", of(reported), of(difference))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(cells: &[(&str, &str)]) -> Record {
        cells.iter().map(|&(name, cell)| (name.to_owned(), cell.to_owned())).collect()
    }

    fn term(term: &str, party: Option<&str>, value: &str, clause: &str) -> Term {
        let [term, value, clause] = [term, value, clause].map(str::to_owned);
        Term { party: party.map(str::to_owned), term, value, clause, ..Term::default() }
    }

    #[test]
    fn what_is_due_is_held_against_the_minimum_and_counted_to_its_day() {
        let last_day = "2026-03-31".parse().unwrap();
        let due = Due { minimum: Decimal::new(1000, 0), last_day, days: 10 };
        let rows = [
            (
                "-1234.50",
                "1,234.50 is not below the minimum 不低于最低结算额 of 1,000.00 CNY; \
                          2026-03-31 + 10 days = 2026-04-10 到期",
            ),
            ("999.99", "999.99 is below the minimum 低于最低结算额 of 1,000.00 CNY"),
            ("none", ""),
        ];
        for (net, told) in rows {
            assert_eq!(of_due(&record(&[("net", net), ("currency", "CNY")]), &due), told);
        }
        let at_once = Due { minimum: Decimal::ZERO, ..due };
        let nothing = of_due(&record(&[("net", "0.00"), ("currency", "CNY")]), &at_once);
        assert_eq!(nothing, "0.00 is not below the minimum 不低于最低结算额 of 0.00 CNY");
    }

    #[test]
    fn an_amount_has_the_digits_of_its_currency() {
        let rows = [
            ("105.00", "JPY", "105"),
            ("1105.5", "CNY", "1,105.50"),
            ("0.498000", "CNY", "0.498"),
            ("23.855", "JPY", "23.855"),
            ("7.10", "???", "7.10"),
            ("none", "CNY", "none"),
        ];
        for (text, currency, shown) in rows {
            assert_eq!(in_currency(text, currency), shown);
        }
    }

    #[test]
    fn an_account_is_summed_and_held_against_what_is_reported() {
        let rows = [
            ("3300", "3350", "3,300 reported 报告 - 3,350 expected 应有 = -50"),
            ("0", "-20", "0 reported 报告 + 20 expected 应有 = 20"),
            ("-7", "-7", "-7 reported 报告 + 7 expected 应有 = 0"),
            ("", "3350", ""),
        ];
        for (reported, expected, told) in rows {
            let account = record(&[("reported", reported), ("expected", expected)]);
            assert_eq!(of_difference(&account), told);
        }
    }

    #[test]
    fn a_mirror_is_told_with_its_rounding_and_the_clause_of_its_ratio() {
        let down = term("rounding of mirrors", None, "down", "");
        let third = term("ratio", Some("a"), "3:1", "一.3");
        let half = term("ratio", Some("a"), "2:1", "一.4");
        let same = |clause| term("ratio", Some("a"), "3:1", clause);
        let rows = [
            (vec![down.clone(), half.clone(), third.clone()], ", clause 条款 一.3"),
            (vec![down.clone(), third.clone(), same("一.3")], ", clause 条款 一.3"),
            // Which of two clauses it was cannot be told by the figures.
            (vec![down.clone(), third.clone(), same("一.9")], ""),
            (vec![down.clone(), half, term("ratio", Some("b"), "3:1", "二.1")], ""),
            (vec![down, same("")], ""),
        ];
        for (terms, clause) in rows {
            let event = record(&[
                ("issuer", "a"),
                ("points", "1000"),
                ("exact_numerator", "1000"),
                ("exact_denominator", "3"),
                ("agreed_mirror", "333"),
                ("recorded_mirror", "333"),
                ("ratio_from", "2026-01-01"),
            ]);
            let line = record(&[("ratio", "3:1")]);
            let told = format!(
                "1,000 × 1/3 = 333 + 1/3 → 333 agreed 约定, down (toward zero) 向零舍入{clause}; \
                 333 recorded 记录"
            );
            assert_eq!(of_mirror(&event, Some(&line), &terms), told);
        }
    }
}
