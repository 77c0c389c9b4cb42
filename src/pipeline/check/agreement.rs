//! The agreement's identity, zone, currency, term and cycle, and its two parties.

use jiff::tz::TimeZone;

use super::Checker;
use super::amounts::day;
use crate::agreement::PartyTerms;
use crate::pipeline::declaration::{
    CycleDeclaration, Declaration, FeedDeclaration, FeedsDeclaration, PartyDeclaration, Sides,
};
use crate::pipeline::nearest::nearest;
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::money::Currency;
use crate::value::party::Both;
use crate::value::period::{Cycle, Instant};

/// What every other part rests on. `None` where a problem has been found.
pub(super) struct Frame {
    pub(super) zone: Option<TimeZone>,
    pub(super) currency: Option<Currency>,
    pub(super) term: Option<(Instant, Instant)>,
    pub(super) cycle: Cycle,
    pub(super) grace_days: u32,
    pub(super) close_after_days: u32,
    pub(super) due_days: u32,
}

/// The longest grace: past a month, every entry of a period would still be awaited at its end.
const GRACE_DAYS_MAX: u32 = 31;

/// The longest a period may stay open past its end.
const CLOSE_AFTER_DAYS_MAX: u32 = 366;

/// The longest time to pay.
const DUE_DAYS_MAX: u32 = 366;

/// The most decimal places of a point.
pub(super) const SCALE_MAX: u8 = 6;

/// The longest party code; it stands in file names and in every discrepancy's identity.
const CODE_LETTERS_MAX: usize = 12;

impl Checker<'_> {
    pub(super) fn frame(&mut self, top: Spot<'_>, declared: &Declaration) -> Frame {
        let spot = top.key("agreement");
        let agreement = &declared.agreement;
        self.named(spot.key("id"), "`id`", &agreement.id);
        for (key, text) in [("title", &agreement.title), ("version", &agreement.version)] {
            if let Some(text) = text {
                self.named(spot.key(key), &format!("`{key}`"), text);
            }
        }
        let zone = self.zone(spot.key("timezone"), &agreement.timezone);
        let currency = self.currency(spot.key("currency"), &agreement.currency);
        let term = self.term(spot.key("term"), declared, zone.as_ref());
        let cycle = match agreement.cycle {
            CycleDeclaration::Daily => Cycle::Daily,
            CycleDeclaration::Monthly => Cycle::Monthly,
            CycleDeclaration::Quarterly => Cycle::Quarterly,
        };
        for (key, days, most) in [
            ("grace_days", agreement.grace_days, GRACE_DAYS_MAX),
            ("close_after_days", agreement.close_after_days, CLOSE_AFTER_DAYS_MAX),
            ("due_days", agreement.due_days, DUE_DAYS_MAX),
        ] {
            if let Some(days) = days.filter(|days| *days > most) {
                let reason = format!("`{key}` is {days}, more than {most}");
                self.problem(spot.key(key).mark(), reason, format!("Write 0 to {most} days."));
            }
        }
        let grace_days = self.settled("agreement.grace_days", agreement.grace_days, 2, "2");
        let close_after_days = self.settled(
            "agreement.close_after_days",
            agreement.close_after_days,
            grace_days,
            &grace_days.to_string(),
        );
        if close_after_days < grace_days {
            let reason = format!(
                "`close_after_days` is {close_after_days}, less than the {grace_days} days of grace"
            );
            let cure = "A period that closes while entries are awaited would hold them; write at \
                        least the grace.";
            self.problem(spot.key("close_after_days").mark(), reason, cure);
        }
        let due_days = self.settled("agreement.due_days", agreement.due_days, 10, "10");
        Frame { zone, currency, term, cycle, grace_days, close_after_days, due_days }
    }

    fn zone(&mut self, spot: Spot<'_>, name: &str) -> Option<TimeZone> {
        let database = jiff::tz::db();
        // A zone that is known by another case of its letters would not be the name that readers
        // of the results know, so the spelling must be the database's own.
        let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
        if names.iter().any(|known| known == name)
            && let Ok(zone) = database.get(name)
        {
            return Some(zone);
        }
        let cure = match nearest(name, names.iter().map(String::as_str)) {
            Some(near) => format!("Did you mean `{near}`?"),
            None => "Write an IANA zone name such as `Asia/Shanghai`.".to_owned(),
        };
        let reason = format!("`timezone` is `{}`, which is no known zone", shown(name));
        self.problem(spot.mark(), reason, cure);
        None
    }

    pub(super) fn currency(&mut self, spot: Spot<'_>, code: &str) -> Option<Currency> {
        let currency = Currency::of(code);
        if currency.is_none() {
            let codes: Vec<&str> = Currency::codes().collect();
            let cure = match (code, nearest(code, codes.iter().copied())) {
                // What people write for the Chinese yuan, and no slip of the hand would explain.
                ("RMB" | "rmb" | "CNH" | "人民币" | "元", _) => "Write `CNY`.".to_owned(),
                (_, Some(near)) => format!("Did you mean `{near}`?"),
                _ => format!("Write one of {}.", codes.join(", ")),
            };
            let reason = format!("`currency` is `{}`, which is not on the list", shown(code));
            self.problem(spot.mark(), reason, cure);
        }
        currency
    }

    fn term(
        &mut self,
        spot: Spot<'_>,
        declared: &Declaration,
        zone: Option<&TimeZone>,
    ) -> Option<(Instant, Instant)> {
        let term = &declared.agreement.term;
        let [from, to] = [("from", &term.from), ("to", &term.to)].map(|(key, text)| {
            let day = day(text);
            if day.is_none() {
                let reason = format!("`{key}` of the term is `{}`, which is no day", shown(text));
                self.problem(spot.key(key).mark(), reason, "Write a day such as `2026-01-01`.");
            }
            day
        });
        let (from, to) = (from?, to?);
        if to <= from {
            self.problem(
                spot.key("to").mark(),
                format!("the term ends on {to}, which is not after its first day {from}"),
                "Write the day after the last as `to`.",
            );
            return None;
        }
        let zone = zone?;
        let ends = (Instant::start_of(from, zone), Instant::start_of(to, zone));
        if let (Some(from), Some(to)) = ends {
            return Some((from, to));
        }
        let reason = "the term lies at the end of the calendar";
        self.problem(spot.key_mark(), reason, "Write days of years such as 2026.");
        None
    }

    pub(super) fn parties(
        &mut self,
        spot: Spot<'_>,
        declared: &Sides<PartyDeclaration>,
        feeds: &FeedsDeclaration,
    ) -> Both<PartyTerms> {
        let both = Both {
            a: self.party(spot.key("a"), "a", &declared.a, &feeds.a.ledger),
            b: self.party(spot.key("b"), "b", &declared.b, &feeds.b.ledger),
        };
        if both.a.code == both.b.code {
            self.problem(
                spot.key("b").key("code").mark(),
                format!("both parties have the code `{}`", shown(&both.a.code)),
                "Give each party a code of its own; results tell the parties apart by it.",
            );
        }
        both
    }

    fn party(
        &mut self,
        spot: Spot<'_>,
        letter: &str,
        declared: &PartyDeclaration,
        ledger: &FeedDeclaration,
    ) -> PartyTerms {
        let code = declared.code.as_str();
        let fits = code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if code.is_empty() || !fits || code.len() > CODE_LETTERS_MAX {
            self.problem(
                spot.key("code").mark(),
                format!("`code` is `{}`, which is no party code", shown(code)),
                format!(
                    "Write 1 to {CODE_LETTERS_MAX} ASCII capitals and digits, such as \
                    `SKY`."
                ),
            );
        }
        self.named(spot.key("name"), "`name`", &declared.name);
        if let Some(unit) = &declared.unit {
            self.named(spot.key("unit"), "`unit`", unit);
        }
        if let Some(scale) = declared.scale.filter(|scale| *scale > SCALE_MAX) {
            self.problem(
                spot.key("scale").mark(),
                format!("`scale` is {scale}, more than {SCALE_MAX}"),
                format!("Write 0 to {SCALE_MAX} decimal places."),
            );
        }
        let key = |key: &str| format!("parties.{letter}.{key}");
        PartyTerms {
            code: declared.code.clone(),
            name: declared.name.clone(),
            unit: self.settled(&key("unit"), declared.unit.clone(), "积分".to_owned(), "积分"),
            scale: self.settled(&key("scale"), declared.scale, 0, "0"),
            overdraft: self.settled(&key("overdraft"), declared.overdraft, false, "false"),
            names_authority: ledger.columns.contains_key("authority"),
        }
    }
}
