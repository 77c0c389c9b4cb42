//! The terms that a publication rests on: they stand in its manifest, and every later run compares
//! those of closed periods with its pipeline, so that no version is edited under what was closed.
//! What is charged on lines stands there too, so that a reader computes it again, and a later run
//! charges events of a closed period as that did.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::Error;
use crate::agreement::{Agreement, Charges, Fee, GrossTax, Scope, Tax};
use crate::publish::{Final, PublishError, TermEntry};
use crate::value::kind::Flow;
use crate::value::party::Party;
use crate::value::period::{Instant, Period};
use crate::value::points::Ratio;
use crate::value::price::Price;
use crate::value::rounding::Mode;
use crate::value::version::Versions;

/// A term over a part of a period.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    party: Option<Party>,
    name: String,
    from: Instant,
    to: Instant,
    value: String,
    clause: String,
}

/// What a period rests on, as its manifest says it: what its events are worth, and then how money
/// is rounded, what is charged on its lines, and what of the net is due when.
#[must_use]
pub fn entries(agreement: &Agreement, period: &Period) -> Vec<TermEntry> {
    let terms = in_force(agreement, period).into_iter().chain(charged(agreement, period));
    let entry = |term: Term| TermEntry {
        party: term.party.map(|party| party.letter().to_owned()),
        term: term.name,
        from: term.from.show(&agreement.zone),
        to: term.to.show(&agreement.zone),
        value: term.value,
        clause: term.clause,
    };
    terms.map(entry).collect()
}

/// Refuses a pipeline that would value a closed period otherwise than it was closed. A gap may be
/// filled: nothing was settled in it.
///
/// # Errors
/// [`Error::Repriced`] for the first term that is another now.
pub fn refuse_changed(
    publication: &Final,
    period: &Period,
    agreement: &Agreement,
) -> Result<(), Error> {
    let now = in_force(agreement, period);
    for entry in publication.manifest.terms.iter().filter(|entry| !is_charge(&entry.term)) {
        let term = read(publication, entry)?;
        let same = |other: &&Term| other.party == term.party && other.name == term.name;
        let over = |at: Instant| {
            let mut all = now.iter().filter(same);
            all.find(|other| other.from <= at && at < other.to)
        };
        let mut at = term.from;
        while at < term.to {
            match over(at) {
                Some(other) if other.value == term.value => at = other.to,
                other => {
                    let code = term.party.map(|party| &agreement.parties.of(party).code);
                    return Err(Error::Repriced {
                        place: publication.place(),
                        term: match code {
                            Some(code) => format!("{code} {}", term.name),
                            None => term.name,
                        },
                        at: at.show(&agreement.zone),
                        settled: term.value,
                        now: other.map_or_else(|| "none".to_owned(), |other| other.value.clone()),
                    });
                }
            }
        }
    }
    Ok(())
}

/// A term as a final publication has it.
fn read(publication: &Final, entry: &TermEntry) -> Result<Term, PublishError> {
    let instant = |text: &str| {
        let at = text.parse::<Timestamp>().map(|at| Instant(at.as_microsecond()));
        at.map_err(|_| publication.altered(format!("`{text}` among its terms is no instant")))
    };
    let letter = entry.party.as_deref();
    Ok(Term {
        party: Party::BOTH.into_iter().find(|party| Some(party.letter()) == letter),
        name: entry.term.clone(),
        from: instant(&entry.from)?,
        to: instant(&entry.to)?,
        value: entry.value.clone(),
        clause: entry.clause.clone(),
    })
}

/// The terms that decide what an event of the period is worth, in a fixed order. Values stand for
/// versions: one may be renamed, or written otherwise.
fn in_force(agreement: &Agreement, period: &Period) -> Vec<Term> {
    let (start, end) = (period.start, period.end);
    let whole = |party, name: &str, value: String| Term {
        party,
        name: name.to_owned(),
        from: start,
        to: end,
        value,
        clause: String::new(),
    };
    let mirrors = agreement.mirror_rounding.word().to_owned();
    let mut terms = vec![whole(None, "rounding of mirrors", mirrors)];
    for party in Party::BOTH {
        let scale = agreement.parties.of(party).scale.to_string();
        terms.push(whole(Some(party), "scale", scale));
        let ratios = agreement.ratios.of(party);
        let ratio = |ratio: &Ratio| ratio.reduced().to_string();
        terms.extend(steps(ratios, period, &whole(Some(party), "ratio", String::new()), ratio));
        for &flow in Flow::ALL {
            let name = format!("{} rate", flow.word());
            let term = whole(Some(party), &name, "no money".to_owned());
            if !agreement.is_settled(party, flow) {
                terms.push(term);
                continue;
            }
            let price = |price: &Price| {
                format!("{} {}", price.rate.per_point().normalize(), price.currency.code())
            };
            terms.extend(steps(agreement.rates_of(party, flow), period, &term, price));
        }
    }
    terms
}

/// The name of how money is rounded.
const ROUNDING: &str = "rounding of money";

/// The name of the net below which nothing is due.
const MINIMUM: &str = "minimum settlement";

/// The name of how many days after the period's last what is due is to be paid.
const DUE: &str = "due days";

/// The name of the share of what is overdue that each day costs.
const LATE: &str = "late fee per day";

/// Whether a term is of what is charged: another may follow when the period is closed, and it holds
/// for events of the periods from then on.
fn is_charge(term: &str) -> bool {
    [ROUNDING, MINIMUM, DUE, LATE].contains(&term)
        || term.ends_with(" fee")
        || term.ends_with(" tax")
}

/// What a closed period charged, as its manifest says it.
///
/// # Errors
/// [`PublishError`] for a term that cannot be read.
pub fn charges(publication: &Final) -> Result<Charges, PublishError> {
    let altered = |entry: &TermEntry| {
        let what = format!("`{}` among its terms is no {}", entry.value, entry.term);
        publication.altered(what)
    };
    let terms = &publication.manifest.terms;
    let rounding = terms.iter().find(|entry| entry.term == ROUNDING);
    let mode = rounding.and_then(|entry| {
        let (_, word) = entry.value.split_once(' ')?;
        Mode::ALL.into_iter().find(|mode| mode.word() == word)
    });
    let mode = mode.ok_or_else(|| {
        publication.altered("its terms do not name how money is rounded".to_owned())
    })?;
    let (mut fees, mut taxes) = (Vec::new(), Vec::new());
    for entry in terms {
        let Some((flow, what)) = entry.term.split_once(' ') else { continue };
        if what != "fee" && what != "tax" {
            continue;
        }
        let said = scope_of(flow, entry).zip(said(&entry.value));
        let (scope, said) = said.ok_or_else(|| altered(entry))?;
        let issuer_pays = Some(said.payer) == entry.party.as_deref();
        let clause = Some(entry.clause.clone()).filter(|clause| !clause.is_empty());
        if what == "fee" {
            let Said { min, max, tax, .. } = said;
            fees.push(Fee { share: said.share, issuer_pays, min, max, scope, tax, clause });
        } else {
            let inclusive = said.inclusive.ok_or_else(|| altered(entry))?;
            let tax = Tax { share: said.share, inclusive };
            taxes.push(GrossTax { tax, issuer_pays, scope, clause });
        }
    }
    Ok(Charges { mode, fees, taxes })
}

/// The one issuer and flow that a term is of.
fn scope_of(flow: &str, entry: &TermEntry) -> Option<Scope> {
    let flow = Flow::ALL.iter().copied().find(|one| one.word() == flow)?;
    let letter = entry.party.as_deref();
    let issuer = Party::BOTH.into_iter().find(|party| Some(party.letter()) == letter)?;
    Some(Scope { flows: vec![flow], issuers: vec![issuer] })
}

/// What a fee or a tax says of itself.
struct Said<'a> {
    share: Decimal,
    /// Of a tax.
    inclusive: Option<bool>,
    payer: &'a str,
    min: Option<Decimal>,
    max: Option<Decimal>,
    tax: Option<Tax>,
}

/// Reads what [`charged`] writes.
fn said(value: &str) -> Option<Said<'_>> {
    let tax = |text: &str| {
        let (share, mode) = text.split_once(' ')?;
        let inclusive = ["exclusive", "inclusive"].iter().position(|word| *word == mode)? == 1;
        Some(Tax { share: share.parse().ok()?, inclusive })
    };
    let mut parts = value.split(", ");
    let share = parts.next()?.strip_prefix("share ")?;
    let taxed = tax(share);
    let share = match taxed {
        Some(taxed) => taxed.share,
        None => share.parse().ok()?,
    };
    let payer = parts.next()?.strip_prefix("paid by ")?;
    let inclusive = taxed.map(|taxed| taxed.inclusive);
    let mut said = Said { share, inclusive, payer, min: None, max: None, tax: None };
    for part in parts {
        match part.split_once(' ')? {
            ("least", least) => said.min = Some(least.parse().ok()?),
            ("most", most) => said.max = Some(most.parse().ok()?),
            ("tax", text) => said.tax = Some(tax(text)?),
            _ => return None,
        }
    }
    Some(said)
}

/// The terms that decide lines beneath gross, in the order of the lines. Several of one name stand
/// beneath one gross line.
fn charged(agreement: &Agreement, period: &Period) -> Vec<Term> {
    let term = |party, name: String, value: String, clause: &Option<String>| Term {
        party,
        name,
        from: period.start,
        to: period.end,
        value,
        clause: clause.clone().unwrap_or_default(),
    };
    let rounding = agreement.rounding;
    let rounded = format!("{} {}", rounding.place.word(), rounding.mode.word());
    let mut terms = vec![term(None, ROUNDING.to_owned(), rounded, &None)];
    let pairs =
        Party::BOTH.into_iter().flat_map(|party| Flow::ALL.iter().map(move |&flow| (party, flow)));
    for (party, flow) in pairs.filter(|&(party, flow)| agreement.is_settled(party, flow)) {
        let payer = |issuer_pays: bool| {
            let payer = if issuer_pays { party } else { party.partner() };
            format!("paid by {}", payer.letter())
        };
        for fee in agreement.fees.iter().filter(|fee| fee.scope.has(party, flow)) {
            let mut parts =
                vec![format!("share {}", fee.share.normalize()), payer(fee.issuer_pays)];
            let bound = |word: &str, bound: Decimal| format!("{word} {}", bound.normalize());
            parts.extend(fee.min.map(|min| bound("least", min)));
            parts.extend(fee.max.map(|max| bound("most", max)));
            parts.extend(fee.tax.map(|tax| format!("tax {}", of_tax(tax))));
            let name = format!("{} fee", flow.word());
            terms.push(term(Some(party), name, parts.join(", "), &fee.clause));
        }
        for tax in agreement.taxes.iter().filter(|tax| tax.scope.has(party, flow)) {
            let value = format!("share {}, {}", of_tax(tax.tax), payer(tax.issuer_pays));
            terms.push(term(Some(party), format!("{} tax", flow.word()), value, &tax.clause));
        }
    }
    for of in &agreement.currencies {
        let minimum = of.minimum_settlement.decimal().normalize();
        let value = format!("{minimum} {}", of.currency.code());
        terms.push(term(None, MINIMUM.to_owned(), value, &None));
    }
    terms.push(term(None, DUE.to_owned(), agreement.due_days.to_string(), &None));
    if let Some(late) = &agreement.late_fee {
        let per_day = late.per_day.normalize().to_string();
        terms.push(term(None, LATE.to_owned(), per_day, &late.clause));
    }
    terms
}

/// `0.06 exclusive`.
fn of_tax(tax: Tax) -> String {
    let mode = if tax.inclusive { "inclusive" } else { "exclusive" };
    format!("{} {mode}", tax.share.normalize())
}

/// A term's values within a period; versions of one value that touch are one.
fn steps<T>(
    versions: &Versions<T>,
    period: &Period,
    term: &Term,
    value: impl Fn(&T) -> String,
) -> Vec<Term> {
    let mut steps: Vec<Term> = Vec::new();
    for version in versions.within(period.start, period.end) {
        let (from, to) = (version.from.max(period.start), version.to.min(period.end));
        let value = value(&version.value);
        let clause = version.clause.clone().unwrap_or_default();
        match steps.last_mut().filter(|last| last.to == from && last.value == value) {
            Some(last) => {
                last.to = to;
                if !clause.is_empty() && last.clause != clause {
                    let between = if last.clause.is_empty() { "" } else { "; " };
                    last.clause = format!("{}{between}{clause}", last.clause);
                }
            }
            None => steps.push(Term { from, to, value, clause, ..term.clone() }),
        }
    }
    steps
}
