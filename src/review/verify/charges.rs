//! Gross lines, fees and taxes of the statement, computed again from the events, from the lines
//! above them and from the terms that the manifest names, however money is rounded.

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;

use super::super::before::finals;
use super::super::charge::{Charge, InForce, Rounding, beneath};
use super::super::manifest::Term;
use super::super::publication::{Publication, ReviewError};
use super::Check;
use super::lines::{Line, lines};
use super::rounded::{ByEvent, by_event, by_statement};
use crate::value::money::counted;

/// Kinds of lines that stand beneath a gross line.
const KINDS: [&str; 3] = ["fee", "tax", "tax_within"];

/// Every gross line is followed by the fees and taxes that the terms ask for, each of the share,
/// the bounds, the payer and the clause of its term, and no other stands there.
pub(super) fn check(publication: &Publication, check: &mut Check) -> Result<(), ReviewError> {
    let lines = lines(publication)?;
    let terms = &publication.manifest.terms;
    let Some(rounding) = Rounding::of(terms) else {
        check.fault(|| "the manifest does not name the rounding of money".to_owned());
        return Ok(());
    };
    let past = finals(publication)?;
    let in_force = InForce::of(publication, &past.0);
    let amounts = Amounts::of(publication, &lines, &in_force, rounding, check)?;
    let rows: Vec<(&i64, &Line)> = lines.iter().collect();
    let mut charged: u64 = 0;
    let mut at = 0;
    while let Some((number, line)) = rows.get(at) {
        at += 1;
        if line.kind != "gross" {
            if KINDS.contains(&line.kind.as_str()) {
                check.fault(|| format!("line {number}: no term asks for this {}", line.kind));
            } else {
                by_itself(check, **number, line, rounding);
            }
            continue;
        }
        let period = line.origin_period.as_str();
        let Some((terms, rounding)) = in_force.terms(period).zip(in_force.rounding(period)) else {
            let is_closed = publication.manifest.past.iter().any(|taken| taken.period == period);
            if !is_closed {
                check.fault(|| format!("line {number}: `{period}` is no period of the past"));
            }
            check.beyond(format!(
                "line {number}: {period} is not here, and what it charged and how it rounded is \
                 not known; the line and what stands beneath it are not recomputed"
            ));
            at += rows[at..].iter().take_while(|(_, of)| KINDS.contains(&of.kind.as_str())).count();
            continue;
        };
        let of_line = line.exact.and_then(|exact| rounding.round(exact, line.digits()));
        amounts.compare(check, (**number, 0), **number, line, of_line);
        let payer = match (line.flow.as_str(), line.issuer.as_str()) {
            ("sale", "a") => "b",
            ("sale", _) => "a",
            (_, issuer) => issuer,
        };
        check.expect(|| format!("line {number} payer"), line.payer.as_str(), payer);
        if clauses(terms, line).is_some_and(|clauses| !clauses.contains(line.clause.as_str())) {
            check.fault(|| format!("line {number}: its clause is not that of its rate or ratio"));
        }
        let Some(charges) = beneath(terms, &line.issuer, &line.flow) else {
            check.fault(|| format!("line {number}: a fee or tax of its terms cannot be read"));
            continue;
        };
        let gross = **number;
        for (nth, charge) in (1..).zip(charges) {
            let Some((number, found)) = rows.get(at).filter(|(_, found)| found.kind == charge.kind)
            else {
                check.fault(|| format!("line {number}: a {} is wanting beneath it", charge.kind));
                break;
            };
            let base = rows[at - charge.above].1;
            let of_line = compare(check, **number, (found, base), line, &charge, rounding);
            amounts.compare(check, (gross, nth), **number, found, of_line);
            charged += 1;
            at += 1;
        }
    }
    check.compared = counted(charged, "line");
    Ok(())
}

/// The clauses on which a gross line of a period's terms may rest: those of its rate, and where
/// this names none, of its ratio; `None` where its rate was in force in no part of the period, as
/// that of an event of an earlier one that is reversed here.
fn clauses<'t>(terms: &'t [Term], line: &Line) -> Option<BTreeSet<&'t str>> {
    let of = |name: &str| {
        let name = name.to_owned();
        terms.iter().filter(move |term| {
            term.term == name && term.party.as_deref() == Some(line.issuer.as_str())
        })
    };
    let is_rate = |term: &&Term| {
        let rate = term.value.split_once(' ').and_then(|(rate, _)| rate.parse::<Decimal>().ok());
        rate.is_some() && rate == line.rate
    };
    let is_ratio = |term: &&Term| {
        let of = term.value.split_once(':');
        let of = of.and_then(|of| Some((of.0.parse::<i128>().ok()?, of.1.parse::<i128>().ok()?)));
        let product = |one: i128, other: i128| one.checked_mul(other);
        let both = of.zip(line.ratio());
        both.is_some_and(|(one, other)| product(one.0, other.1) == product(one.1, other.0))
    };
    let mut rates = of(&format!("{} rate", line.flow)).filter(is_rate).peekable();
    rates.peek()?;
    // Versions of one value that touch are one term, with the clauses of them all.
    let all = rates.chain(of("ratio").filter(is_ratio));
    let clauses = all.flat_map(|term| term.clause.split("; "));
    Some(clauses.chain([""]).collect())
}

/// A line that rests on no points: what is carried or adjusted is whole, and a late fee is rounded
/// once (docs/clearing.md).
fn by_itself(check: &mut Check, number: i64, line: &Line, rounding: Rounding<'_>) {
    let of = line.exact.and_then(|exact| rounding.round(exact, line.digits()));
    match of {
        Some(of) => check.expect(|| format!("line {number} amount"), line.amount, of),
        None => check.fault(|| format!("line {number}: it has no exact amount")),
    }
    if line.kind != "late_fee" && line.exact != Some(line.amount) {
        check.fault(|| format!("line {number}: it is not whole before it is rounded"));
    }
}

/// What lines come to by the place at which money is rounded.
enum Amounts {
    /// Each line by itself.
    Line,
    /// The sums of events, by the gross line; of these the charges beneath it.
    Event(BTreeMap<i64, ByEvent>),
    /// Shares of each party's total, and what is no share of it by itself.
    Statement(BTreeMap<i64, Decimal>),
}

impl Amounts {
    fn of(
        publication: &Publication,
        lines: &BTreeMap<i64, Line>,
        in_force: &InForce<'_>,
        rounding: Rounding<'_>,
        check: &mut Check,
    ) -> Result<Amounts, ReviewError> {
        match rounding.place {
            "event" => {
                let (sums, unread) = by_event(publication, lines, in_force)?;
                for (line, sum) in sums.iter().filter(|(_, sum)| sum.unknowns > 0) {
                    let why = match unread.as_slice() {
                        [] => "stands in no table that the run took from".to_owned(),
                        unread => format!("may stand where nothing is read: {}", unread.join(", ")),
                    };
                    check.beyond(format!(
                        "line {line}: {} reverse what {why}, and what that event falls by is not \
                         known; its gross is held to within a minor unit for each of them, and its \
                         fees and taxes are not recomputed",
                        counted(sum.unknowns, "event"),
                    ));
                }
                Ok(Amounts::Event(sums))
            }
            "statement" => match by_statement(lines, rounding) {
                Some(shares) => Ok(Amounts::Statement(shares)),
                None => Err(ReviewError::Overflow("exact amounts")),
            },
            _ => Ok(Amounts::Line),
        }
    }

    /// A line's amount: the nth beneath a gross line, which is itself the first of all.
    fn compare(
        &self,
        check: &mut Check,
        (gross, nth): (i64, usize),
        number: i64,
        line: &Line,
        of_line: Option<Decimal>,
    ) {
        let of = match self {
            Amounts::Line => of_line,
            Amounts::Statement(shares) => shares.get(&number).copied().or(of_line),
            Amounts::Event(sums) => {
                let none = ByEvent::default();
                let sum = sums.get(&gross).unwrap_or(&none);
                let known = sum.amounts.get(nth).copied().unwrap_or_default();
                if sum.unknowns > 0 {
                    if nth == 0 && !is_near(line, known, sum) {
                        let amount = line.amount;
                        check.fault(|| format!("line {number}: {amount} is no sum of its events"));
                    }
                    return;
                }
                Some(known)
            }
        };
        match of {
            Some(of) => check.expect(|| format!("line {number} amount"), line.amount, of),
            None => check.fault(|| format!("line {number}: it cannot be held exactly")),
        }
    }
}

/// Whether a gross amount is as near to its events as reversals of unknown events let it be: what
/// an event falls by is less than a minor unit from the worth of what is reversed.
fn is_near(line: &Line, known: Decimal, sum: &ByEvent) -> bool {
    let most = Decimal::new(1, line.digits()).checked_mul(sum.unknowns.into());
    let apart = known
        .checked_add(sum.unknown)
        .and_then(|of| line.amount.checked_sub(of))
        .map(|apart| apart.abs());
    apart.zip(most).is_some_and(|(apart, most)| apart < most)
}

/// Compares what a line says beside its amount, and gives the amount that it has by itself.
fn compare(
    check: &mut Check,
    number: i64,
    (found, base): (&Line, &Line),
    gross: &Line,
    charge: &Charge,
    rounding: Rounding<'_>,
) -> Option<Decimal> {
    let is_of_it = found.issuer == gross.issuer
        && found.flow == gross.flow
        && found.currency == gross.currency
        && found.origin_period == gross.origin_period
        && (found.events, found.points) == (gross.events, gross.points);
    if !is_of_it {
        check.fault(|| format!("line {number}: it is not of the gross line above it"));
    }
    check.expect(|| format!("line {number} payer"), found.payer.as_str(), &charge.payer);
    check.expect(|| format!("line {number} clause"), found.clause.as_str(), &charge.clause);
    // Where only the statement is rounded the exact figures are what stands on one another.
    let is_of_statement = rounding.place == "statement";
    let of = if is_of_statement { base.exact.unwrap_or(base.amount) } else { base.amount };
    let Some(share) = charge.of(of) else {
        check.fault(|| format!("line {number}: its share cannot be held exactly"));
        return None;
    };
    let digits = found.digits();
    let rounded = |amount: Decimal| rounding.round(amount, digits).unwrap_or(amount);
    let (exact, amount) = match charge.kind {
        "fee" if is_of_statement => {
            let bounded = charge.bounded(share, of);
            (bounded, rounded(bounded))
        }
        "fee" => (share, charge.bounded(rounded(share), of)),
        _ => (share, rounded(share)),
    };
    // A tax within an amount has no exact figure, for it may have no end.
    if charge.kind != "tax_within" {
        let said = found.exact.unwrap_or_default();
        check.expect(|| format!("line {number} exact"), said.normalize(), exact.normalize());
    }
    Some(amount)
}
