//! Lines that rest on no event: adjustments, late fees and the carry.

use std::collections::BTreeSet;

use super::answer::{Discrepancy, Line};
use super::books::Books;
use super::fraction::Fraction;
use super::past::{Balance, Standing};
use crate::world::{Adjustment, Currency, Party, Payment};

/// A line of no event.
pub fn line(item: &str, currency: &Currency, payer: Party, amount: Fraction) -> Line {
    Line {
        item: item.to_owned(),
        currency: currency.code.to_owned(),
        issuer: String::new(),
        flow: String::new(),
        origin_period: String::new(),
        reference: String::new(),
        ratio_from: String::new(),
        rate_from: String::new(),
        events: 0,
        points: 0,
        amount,
        payer: payer.letter().to_owned(),
        payee: payer.other().letter().to_owned(),
    }
}

/// A discrepancy about no event and no member.
pub fn of_nobody(code: &'static str) -> Discrepancy {
    let empty = String::new;
    Discrepancy { code, a_events: empty(), b_events: empty(), a_member: empty(), b_member: empty() }
}

fn thousandths(amount: i64) -> Fraction {
    Fraction::new(i128::from(amount), 1_000)
}

impl Books<'_> {
    /// What a final publication settled under a number, and when its period ended.
    fn settled_adjustment(&self, adjustment_id: &str) -> Option<(&Adjustment, i64)> {
        let all = self.past.finals.iter();
        let mut all = all.flat_map(|past| past.adjustments.iter().map(|one| (one, past.bounds.1)));
        all.find(|(one, _)| one.adjustment_id == adjustment_id)
    }

    /// The adjustments of the files, and those that the period before handed on and that the files
    /// do not have word for word.
    fn adjustments_in_hand(&self) -> Vec<&Adjustment> {
        let mut all: Vec<&Adjustment> = self.world.adjustments.iter().flatten().collect();
        let before = self.past.before(self.world);
        for one in before.into_iter().flat_map(|before| &before.later_adjustments) {
            if !self.world.adjustments.iter().flatten().any(|other| other == one) {
                all.push(one);
            }
        }
        all
    }

    fn is_one_of_several(&self, one: &Adjustment) -> bool {
        let all = self.adjustments_in_hand();
        all.iter().filter(|other| other.adjustment_id == one.adjustment_id).count() > 1
    }

    /// Adjustments that are approved after this run, each alone under its number.
    pub fn later_adjustments(&self) -> Vec<&Adjustment> {
        let mut later = self.adjustments_in_hand();
        later.retain(|one| {
            let is_new = self.settled_adjustment(&one.adjustment_id).is_none();
            one.approved_at >= self.world.cut() && is_new && !self.is_one_of_several(one)
        });
        later
    }

    /// The adjustments of this run, and whether each may stand. What the period before held is
    /// held still, unless it is sent again.
    pub fn adjustments(&self) -> Vec<(&Adjustment, bool)> {
        let world = self.world;
        let in_hand = self.adjustments_in_hand();
        let all = || in_hand.iter().copied();
        let is_awaited = matches!(self.past.standing(world), Standing::Awaited | Standing::Gap);
        let open = |one: &&Adjustment| {
            let is_early = one.approved_at < world.period_bounds().0;
            let is_later = one.approved_at >= world.cut();
            let is_mine = !(is_later || is_early && is_awaited);
            (is_mine || (is_later && self.is_one_of_several(one)))
                && self.settled_adjustment(&one.adjustment_id).is_none()
        };
        let before = self.past.before(world).map(|before| &before.held_adjustments);
        let kept = before
            .into_iter()
            .flatten()
            .filter(|held| !all().filter(open).any(|one| one.adjustment_id == held.adjustment_id));
        all()
            .filter(open)
            .map(|one| {
                let twice = self.is_one_of_several(one);
                let code = one.currency.unwrap_or(world.currency);
                let declared = world.currencies().into_iter().find(|other| other.code == code);
                let fits = declared.is_some_and(|currency| {
                    let minor = Fraction::whole(10_i128.pow(currency.minor_digits));
                    (thousandths(one.thousandths) * minor).is_whole()
                });
                (one, one.said.is_authorised() && !twice && fits)
            })
            .chain(kept.map(|one| (one, false)))
            .collect()
    }

    /// The numbers of adjustments that do not stand, and those of settled ones that are sent again
    /// with another payer or amount, or approved after their period.
    pub fn wrong_adjustments(&self) -> (usize, usize) {
        let all = self.adjustments();
        let held = all.iter().filter(|(_, stands)| !stands);
        let held: BTreeSet<&str> = held.map(|(one, _)| one.adjustment_id.as_str()).collect();
        let code = |one: &Adjustment| one.currency.unwrap_or(self.world.currency);
        let again = self.adjustments_in_hand().into_iter().filter(|one| {
            self.settled_adjustment(&one.adjustment_id).is_some_and(|(settled, end)| {
                let says = |one: &Adjustment| (one.payer, one.thousandths, code(one));
                says(one) != says(settled) || one.approved_at >= end
            })
        });
        let again: BTreeSet<&str> = again.map(|one| one.adjustment_id.as_str()).collect();
        (held.len(), again.len())
    }

    pub fn adjustment_lines(&self, currency: &Currency) -> Vec<Line> {
        let stand = self.adjustments().into_iter().filter(|(_, stands)| *stands);
        stand
            .filter(|(one, _)| one.currency.unwrap_or(self.world.currency) == currency.code)
            .map(|(one, _)| Line {
                origin_period: one.origin_period.clone(),
                reference: one.adjustment_id.clone(),
                ..line("adjustment", currency, one.payer, thousandths(one.thousandths))
            })
            .collect()
    }

    /// A line for each statement that is overdue on a day of this run.
    pub fn late_fee_lines(&self, currency: &Currency) -> Vec<Line> {
        let Some(per_day) = self.world.late_fee else { return Vec::new() };
        let mut lines = Vec::new();
        for past in &self.past.finals {
            let balances = past.balances.iter().filter(|balance| balance.currency == currency.code);
            for balance in balances {
                let Some(payer) = balance.payer else { continue };
                let days = self.principals(&past.label, balance);
                if days == Fraction::ZERO {
                    continue;
                }
                let minor = 10_i128.pow(currency.minor_digits);
                let exact = days * Fraction::new(i128::from(per_day), 1_000_000);
                let units = (exact * Fraction::whole(minor)).round(self.world.mode);
                lines.push(Line {
                    origin_period: past.label.clone(),
                    reference: past.label.clone(),
                    ..line("late_fee", currency, payer, Fraction::new(units, minor))
                });
            }
        }
        lines
    }

    /// The sum of the principals of every day on which a statement is overdue in this period.
    fn principals(&self, label: &str, balance: &Balance) -> Fraction {
        let world = self.world;
        let zero_or_more = |amount: Fraction| amount.max(Fraction::ZERO);
        let begins = zero_or_more(balance.amount_due - balance.late_fees);
        let (first, after) = world.period_days();
        let mut sum = Fraction::ZERO;
        let mut day = first;
        while day < after && day <= world.as_of {
            let exempt = world.exempt_days.iter().flatten().any(|other| *other == day);
            if day > balance.due_day && !exempt {
                let mut principal = begins;
                for payment in &self.payments() {
                    let its = payment.period == label && payment.currency == balance.currency;
                    let by_then =
                        if payment.disputed { payment.on <= day } else { payment.on < day };
                    if its && by_then {
                        principal = principal - thousandths(payment.thousandths);
                    }
                }
                sum = sum + zero_or_more(principal);
            }
            day = day.tomorrow().unwrap();
        }
        sum
    }

    /// Payments and disputes: those of the files, and those that the period before knew under
    /// numbers that the files do not have.
    pub fn payments(&self) -> Vec<Payment> {
        let own: Vec<Payment> = self.world.payments.iter().flatten().cloned().collect();
        let before = self.past.before(self.world).into_iter().flat_map(|past| &past.payments);
        let handed =
            before.filter(|one| own.iter().all(|other| other.settlement_id != one.settlement_id));
        let handed: Vec<Payment> = handed.cloned().collect();
        own.into_iter().chain(handed).collect()
    }

    pub fn opening_carry(&self, currency: &Currency) -> Fraction {
        match self.past.standing(self.world) {
            Standing::First => {
                let minor = 10_i128.pow(currency.minor_digits);
                Fraction::new(i128::from(currency.opening_carry), minor)
            }
            Standing::Follows => {
                let balances = &self.past.before(self.world).unwrap().balances;
                let balance = balances.iter().find(|other| other.currency == currency.code);
                balance.unwrap().carry_forward
            }
            Standing::Awaited | Standing::Gap => Fraction::ZERO,
        }
    }

    pub fn opening_from(&self) -> String {
        let eve = self.world.period_days().0.yesterday().unwrap();
        let before = self.world.label_of(eve);
        match self.past.standing(self.world) {
            Standing::First => "declared".to_owned(),
            Standing::Follows => before,
            Standing::Awaited | Standing::Gap => format!("awaiting {before}"),
        }
    }
}
