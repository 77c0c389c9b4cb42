//! What events come to where each is rounded by itself, and what a reversal takes from its event:
//! chains that can be followed with a pencil, event by event.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::charged::share_of;
use super::line::{legs, places};
use super::{EVENTS_SHOWN, Record, Story, arithmetic, numbers, records};
use crate::review::Term;
use crate::review::charge::{Charge, Rounding, amounts, beneath};
use crate::review::left::{falls, is_reversal};
use crate::review::publication::{Publication, ReviewError};
use crate::value::money::{Currency, grouped};

/// What is left of the events that are reversed, before and after each reversal.
#[derive(Debug, Default)]
pub(super) struct Left {
    /// By the reversal's row of `cleared_events`.
    rows: BTreeMap<u64, Option<(i64, i64)>>,
    /// Why an earlier publication was not read.
    unread: Vec<String>,
}

impl Left {
    /// What is left of the events that rows reverse; nothing is read where none does.
    ///
    /// # Errors
    /// [`ReviewError`] when a table cannot be read.
    pub(super) fn of(publication: &Publication, reverses: bool) -> Result<Left, ReviewError> {
        if !reverses {
            return Ok(Left::default());
        }
        let (falls, unread) = falls(publication)?;
        Ok(Left { rows: falls.into_iter().map(|fall| (fall.row, fall.left)).collect(), unread })
    }

    /// What was left before and after a row: of an event itself nothing, and then all of it.
    pub(super) fn at(&self, event: &Record) -> Option<(i64, i64)> {
        if reverses(event) {
            self.rows.get(&event.number).copied()?
        } else {
            Some((0, points(event)?))
        }
    }

    /// Why it is not known what was left.
    fn unknown(&self) -> String {
        match self.unread.as_slice() {
            [] => "what was left of the event stands in no table 余额不在任何表中".to_owned(),
            unread => format!(
                "what was left of the event may stand where nothing is read 余额可能在未读之处: {}",
                unread.join(", ")
            ),
        }
    }
}

/// Whether a row reverses an event.
pub(super) fn reverses(event: &Record) -> bool {
    is_reversal([&event["kind"], &event["acceptor_kind"]])
}

fn points(event: &Record) -> Option<i64> {
    event["points"].parse().ok()
}

/// The mirror of a reversal: that of what is left of its event less that of what was left before.
pub(super) fn of_mirror(event: &Record, left: &Left) -> Option<String> {
    let (before, after) = left.at(event).filter(|_| reverses(event))?;
    let whole = |name: &str| event[name].parse::<i128>().ok();
    let (numerator, denominator) = (whole("exact_numerator")?, whole("exact_denominator")?);
    let (agreed, points) =
        (whole("agreed_mirror")?, whole("points").filter(|points| *points != 0)?);
    // The ratio is that of the original, as the exact mirror of this row has it.
    let above = numerator.checked_div(points).filter(|above| above * points == numerator)?;
    let told = |of: i64| {
        let exact = above.checked_mul(of.into())?;
        let (mirror, rest) = (exact.checked_div(denominator)?, exact.checked_rem(denominator)?);
        let shown = |figure: i128| grouped(&figure.to_string());
        let rest = if rest == 0 { String::new() } else { format!(" + {rest}/{denominator}") };
        let product = format!("{} × {above}/{denominator}", shown(of.into()));
        Some((mirror, format!("{product} = {}{rest} → {}", shown(mirror), shown(mirror))))
    };
    let ((was, of_before), (is, of_after)) = (told(before)?, told(after)?);
    // Mirrors may be rounded otherwise than toward zero: then this is not their chain.
    (is.checked_sub(was)? == agreed).then(|| {
        format!(
            "left 余 {of_after}; before 此前 {of_before}; {} - {} = {} agreed 约定; {} recorded 记录",
            grouped(&is.to_string()),
            grouped(&was.to_string()),
            grouped(&agreed.to_string()),
            grouped(&event["recorded_mirror"])
        )
    })
}

/// How each event of a line comes to its part of it, where events are rounded.
pub(super) struct ByEvent<'t> {
    rounding: Rounding<'t>,
    charges: Vec<Charge>,
    /// Which line it is: the gross, or one of those beneath it.
    nth: usize,
    digits: u32,
}

impl<'t> ByEvent<'t> {
    /// Of the line of that place among all; nothing where money is rounded elsewhere, or the line
    /// is of no points.
    pub(super) fn of(
        terms: &'t [Term],
        lines: &[Record],
        at: usize,
    ) -> Option<(ByEvent<'t>, String)> {
        let rounding = Rounding::of(terms).filter(|rounding| rounding.place == "event")?;
        let gross = lines[..=at].iter().rposition(|line| line["type"] == "gross")?;
        let (line, gross_line) = (&lines[at], &lines[gross]);
        let charges = beneath(terms, &gross_line["issuer"], &gross_line["flow"])?;
        let nth = at - gross;
        if nth > 0 && charges.get(nth - 1)?.kind != line["type"] {
            return None;
        }
        let digits = Currency::of(&line["currency"])?.digits();
        let by_event = ByEvent { rounding, charges, nth, digits };
        Some((by_event, gross_line["line_no"].clone()))
    }

    /// What an event comes to, and how: `1,333 × 0.012 = 15.996 → 16.00`; what a reversal takes
    /// from its event is what is left of it less what was left before.
    pub(super) fn tell(&self, event: &Record, left: &Left) -> (Option<Decimal>, String) {
        let Some((before, after)) = left.at(event) else { return (None, left.unknown()) };
        let told = || {
            let rate = event["rate"].parse::<Decimal>().ok()?;
            let (is, of_after) = self.chain(after, rate)?;
            if !reverses(event) {
                return Some((is, of_after));
            }
            let (was, of_before) = self.chain(before, rate)?;
            let difference = is.checked_sub(was)?;
            let figure = |amount: Decimal| grouped(&amount.to_string());
            let text = format!(
                "left 余 {of_after}; before 此前 {of_before}; {} - {} = {}",
                figure(is),
                figure(was),
                figure(difference)
            );
            Some((difference, text))
        };
        match told() {
            Some((amount, text)) => (Some(amount), text),
            None => (None, String::new()),
        }
    }

    /// What points come to on the line.
    fn chain(&self, points: i64, rate: Decimal) -> Option<(Decimal, String)> {
        let all = amounts(&self.charges, points, rate, self.digits, self.rounding)?;
        let mut amount = *all.get(self.nth)?;
        amount.rescale(self.digits);
        let shown = grouped(&amount.to_string());
        if points == 0 {
            return Some((amount, format!("0 → {shown}")));
        }
        if self.nth == 0 {
            let (points_shown, exact) =
                (grouped(&points.to_string()), rate.checked_mul(points.into())?);
            let exact = arithmetic::short(&exact.to_string());
            let rate = rate.normalize();
            return Some((amount, format!("{points_shown} × {rate} = {exact} → {shown}")));
        }
        let charge = self.charges.get(self.nth - 1)?;
        let mut base = *all.get(self.nth - charge.above)?;
        base.rescale(self.digits);
        let share = share_of(charge, base)?;
        let of_share = self.rounding.round(charge.of(base)?, self.digits)?;
        let bound = match (charge.least, charge.most) {
            _ if charge.kind != "fee" || of_share == amount => String::new(),
            (Some(least), _) if amount.abs() == least => format!(", at least 不低于 {least}"),
            (_, Some(most)) => format!(", at most 不高于 {most}"),
            _ => String::new(),
        };
        Some((amount, format!("{share}{bound} → {shown}")))
    }
}

/// Tells a line event by event: the first of them one by one, how many more there are, and the sum.
///
/// # Errors
/// [`ReviewError`] when a table cannot be read.
pub(super) fn tell_line(
    publication: &Publication,
    line: &Record,
    (by_event, gross): (&ByEvent<'_>, &str),
    story: &mut Story,
) -> Result<(), ReviewError> {
    let mut does_reverse = false;
    let by = ["line_no", "kind", "acceptor_kind"];
    let events = numbers(publication, "cleared_events", by, |[of, kind, acceptor_kind]| {
        does_reverse |= of == gross && is_reversal([kind, acceptor_kind]);
        of == gross
    })?;
    let left = Left::of(publication, does_reverse)?;
    let digits = by_event.digits;
    let figure = |mut amount: Decimal| {
        amount.rescale(digits);
        grouped(&amount.to_string())
    };
    let mut parts: Vec<Decimal> = Vec::new();
    let (mut rest, mut others) = (Some(Decimal::ZERO), 0_u64);
    let (shown, further) = events.split_at(events.len().min(EVENTS_SHOWN));
    for event in records(publication, "cleared_events", shown)? {
        let (amount, told) = by_event.tell(&event, &left);
        story.tell("event 交易", format!("{}  {told}", legs(&event)));
        story.places.extend(places(&event));
        match amount {
            Some(amount) => parts.push(amount),
            None => (rest, others) = (None, others + 1),
        }
    }
    for some in further.chunks(EVENTS_AT_ONCE) {
        for event in records(publication, "cleared_events", some)? {
            let (amount, _) = by_event.tell(&event, &left);
            others += 1;
            rest = rest.zip(amount).and_then(|(rest, amount)| rest.checked_add(amount));
        }
    }
    let Ok(amount) = line["amount"].parse::<Decimal>() else { return Ok(()) };
    let mut sum = String::new();
    for (nth, part) in parts.iter().enumerate() {
        match (nth, part.is_sign_negative() && !part.is_zero()) {
            (0, _) => sum.push_str(&figure(*part)),
            (_, true) => sum.push_str(&format!(" - {}", figure(part.abs()))),
            (_, false) => sum.push_str(&format!(" + {}", figure(*part))),
        }
    }
    if others > 0 {
        let known = parts.iter().try_fold(Decimal::ZERO, |sum, part| sum.checked_add(*part));
        let rest = rest.or_else(|| amount.checked_sub(known?));
        let rest = rest.map(figure).unwrap_or_default();
        // A fee or tax has no events of its own: they stand on the gross line above it.
        sum.push_str(&format!(
            " … and {others} more 其余 {rest}, in cleared_events with line_no {gross}"
        ));
        sum = sum.trim_start().to_owned();
    }
    story.tell("sum 合计", format!("{sum} = {} {}", figure(amount), line["currency"]));
    Ok(())
}

/// Events whose parts are summed that are held in memory at a time.
const EVENTS_AT_ONCE: usize = 1 << 16;
