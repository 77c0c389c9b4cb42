//! What overdue statements cost by the day: from the final publications that they stand in, and the
//! payments and disputes that are known.

use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::manifest::Term;
use super::publication::{Cell, Publication, ReviewError, Row, add};

/// A final statement of which something was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Overdue {
    /// Its period.
    pub period: String,
    /// Its currency.
    pub currency: String,
    /// Who pays it: `a` or `b`.
    pub payer: String,
    /// What was due.
    pub due: Decimal,
    /// What of it is late fees, on which none is charged.
    pub late_fees: Decimal,
    /// The last day on which it is paid in time.
    pub due_date: Date,
    /// What was paid of it or disputed.
    pub settled: Vec<Settled>,
    /// The days of the publication's period on which something was overdue.
    pub stretches: Vec<Stretch>,
}

/// A payment or a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settled {
    /// Its number.
    pub id: String,
    /// Whether it was paid; otherwise it is disputed.
    pub is_paid: bool,
    /// How much.
    pub amount: Decimal,
    /// On which day.
    pub on: Date,
}

/// Days one after another on which the same was overdue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The first.
    pub from: Date,
    /// The last.
    pub to: Date,
    /// How many.
    pub days: i64,
    /// What was overdue on each.
    pub principal: Decimal,
}

impl Overdue {
    /// What was overdue on each day, summed over the days; days that are exempt count too.
    pub(super) fn principals(&self) -> Option<Decimal> {
        self.stretches.iter().try_fold(Decimal::ZERO, |sum, stretch| {
            sum.checked_add(stretch.principal.checked_mul(stretch.days.into())?)
        })
    }
}

/// The share of what is overdue that each day costs, and its clause.
pub(super) fn per_day(terms: &[Term]) -> Option<(Decimal, &str)> {
    let term = terms.iter().find(|term| term.term == "late fee per day")?;
    Some((term.value.parse().ok()?, &term.clause))
}

/// Whether the run was told of days that cost nothing. Which they are no table says.
pub(super) fn has_exempt_days(publication: &Publication) -> bool {
    publication.manifest.inputs.iter().any(|input| input.feed.ends_with("exempt_days"))
}

/// A net as the next statement needs it.
struct Before {
    currency: String,
    debtor: Option<String>,
    is_carried: bool,
    late_fees: Decimal,
}

/// The statements of final publications, which stand in the order of their periods, of which
/// something was due.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read.
pub(super) fn overdue(
    publication: &Publication,
    finals: &[Publication],
) -> Result<Vec<Overdue>, ReviewError> {
    let Some(days) = days(publication) else { return Ok(Vec::new()) };
    let (mut all, mut before) = (Vec::new(), Vec::new());
    for closed in finals {
        let (of, next) = statements(closed, &before)?;
        before = next;
        all.extend(of);
    }
    let columns = ["settlement_id", "statement_period", "currency", "kind", "amount", "settled_on"];
    if publication.has("settlements") {
        publication.scan("settlements", &columns, |_, row| {
            let is_its =
                |one: &&mut Overdue| one.period == row.text(1) && one.currency == row.text(2);
            let (Some(amount), Cell::Day(on)) = (row.decimal(4), row.cell(5)) else {
                return Ok(());
            };
            if let Some(one) = all.iter_mut().find(is_its) {
                let (id, is_paid) = (row.text(0).to_owned(), row.text(3) == "paid");
                one.settled.push(Settled { id, is_paid, amount, on });
            }
            Ok(())
        })?;
    }
    for one in &mut all {
        one.settled.sort_by(|one, other| (one.on, &one.id).cmp(&(other.on, &other.id)));
        one.stretches = stretches(one, days);
    }
    Ok(all)
}

/// The first and the last day of the period that a publication looks at.
fn days(publication: &Publication) -> Option<(Date, Date)> {
    let manifest = &publication.manifest;
    let day = |instant: &str| instant.get(..10)?.parse::<Date>().ok();
    let last = day(&manifest.period_to)?.yesterday().ok()?;
    Some((day(&manifest.period_from)?, last.min(manifest.as_of.parse().ok()?)))
}

/// What was due of a final publication's statements, and what each left to the next.
fn statements(
    closed: &Publication,
    before: &[Before],
) -> Result<(Vec<Overdue>, Vec<Before>), ReviewError> {
    let (mut all, mut next) = (Vec::new(), Vec::new());
    let columns = ["currency", "carry_forward", "amount_due", "payer", "due_date"];
    let mut read = |row: &Row<'_>| {
        let currency = row.text(0).to_owned();
        let carried = row.decimal(1).unwrap_or_default();
        let due = row.decimal(2).unwrap_or_default();
        let payer = row.some_text(3).map(str::to_owned);
        let carrier = (!carried.is_zero())
            .then(|| if carried.is_sign_negative() { "b" } else { "a" }.to_owned());
        let debtor = payer.clone().or(carrier);
        let owed = if payer.is_some() { due } else { carried.abs() };
        // What was due stands in no opening carry.
        let handed = before.iter().find(|one| one.currency == currency);
        let handed = handed.filter(|one| one.is_carried && one.debtor == debtor);
        let mut late_fees = handed.map_or(Decimal::ZERO, |one| one.late_fees);
        closed.scan("statement_lines", &["type", "currency", "payer", "amount"], |_, line| {
            let is_its = line.text(0) == "late_fee"
                && line.text(1) == currency
                && Some(line.text(2)) == debtor.as_deref();
            let amount = line.decimal(3).filter(|_| is_its);
            add(&mut late_fees, amount.unwrap_or_default(), "late fees")
        })?;
        let late_fees = late_fees.min(owed);
        if let (Some(payer), Cell::Day(due_date)) = (payer, row.cell(4)) {
            all.push(Overdue {
                period: closed.manifest.period.clone(),
                currency: currency.clone(),
                payer,
                due,
                late_fees,
                due_date,
                settled: Vec::new(),
                stretches: Vec::new(),
            });
        }
        next.push(Before { currency, debtor, is_carried: !carried.is_zero(), late_fees });
        Ok(())
    };
    closed.scan("statement", &columns, |_, row| read(row))?;
    Ok((all, next))
}

/// The days on which something of a statement is overdue: a payment counts from the day after it, a
/// dispute from its day on (domain.md §6.7).
fn stretches(of: &Overdue, (first, last): (Date, Date)) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for day in first.series(1.day()).take_while(|day| *day <= last) {
        let settled = of.settled.iter().filter(|settled| match settled.is_paid {
            true => settled.on < day,
            false => settled.on <= day,
        });
        let owed = (of.due - of.late_fees).max(Decimal::ZERO);
        let paid = settled.fold(Decimal::ZERO, |sum, one| sum.saturating_add(one.amount));
        let principal = owed.saturating_sub(paid);
        if day <= of.due_date || principal <= Decimal::ZERO {
            continue;
        }
        match stretches.last_mut() {
            Some(same) if same.principal == principal => {
                same.to = day;
                same.days += 1;
            }
            _ => stretches.push(Stretch { from: day, to: day, days: 1, principal }),
        }
    }
    stretches
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 12.00 due on the 5th, of which 2.00 are late fees; 4.00 are paid on the 7th and 1.00
    /// disputed on the 9th: 10, 10, 6, 5, 5.
    #[test]
    fn a_payment_counts_from_the_next_day_and_a_dispute_at_once() {
        let day = |day| Date::constant(2026, 4, day);
        let settled = |id: &str, is_paid, amount, on| Settled {
            id: id.to_owned(),
            is_paid,
            amount: Decimal::new(amount, 2),
            on: day(on),
        };
        let mut of = Overdue {
            period: "2026-03".to_owned(),
            currency: "CNY".to_owned(),
            payer: "a".to_owned(),
            due: Decimal::new(1200, 2),
            late_fees: Decimal::new(200, 2),
            due_date: day(5),
            settled: vec![settled("P1", true, 400, 7), settled("P2", false, 100, 9)],
            stretches: Vec::new(),
        };
        of.stretches = stretches(&of, (day(1), day(10)));
        let told: Vec<String> = of
            .stretches
            .iter()
            .map(|one| format!("{}..{} {} {}", one.from, one.to, one.days, one.principal))
            .collect();
        let expected = [
            "2026-04-06..2026-04-07 2 10.00",
            "2026-04-08..2026-04-08 1 6.00",
            "2026-04-09..2026-04-10 2 5.00",
        ];
        assert_eq!(told, expected);
        assert_eq!(of.principals(), Some(Decimal::new(3600, 2)));
        of.settled.push(settled("P3", true, 100_000, 1));
        assert_eq!(stretches(&of, (day(1), day(10))), []);
    }
}
