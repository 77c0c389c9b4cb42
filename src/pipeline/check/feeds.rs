//! The feeds: their files, their format, and which of their columns become which canonical ones.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;

use super::Checker;
use super::amounts::{INSTANT_CURE, decimal, instant};
use crate::feed::{Column, Feed, FeedKind, Format, Origin, Owner};
use crate::frame::fields::{Field, FieldKind};
use crate::pipeline::declaration::{
    ColumnDeclaration, ColumnDescription, CsvDeclaration, Declaration, EncodingDeclaration,
    FeedDeclaration, FormatDeclaration,
};
use crate::pipeline::nearest::{self, nearest};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::party::Party;
use crate::value::token::TokenKey;

/// What the feeds have in common.
pub(super) struct Shelf<'c> {
    root: Option<&'c Path>,
    zone: TimeZone,
    pub(super) key: Option<&'c Arc<TokenKey>>,
    /// Which feed claimed which pattern.
    claims: BTreeMap<String, String>,
}

impl Checker<'_> {
    /// The feeds: A's, then B's, then the shared ones. Where the root is not known, they stand
    /// without one; a problem has been found then.
    pub(super) fn feeds(
        &mut self,
        top: Spot<'_>,
        declared: &Declaration,
        root: Option<&Path>,
        zone: Option<&TimeZone>,
        key: Option<&Arc<TokenKey>>,
    ) -> Vec<Feed> {
        let zone = zone.cloned().unwrap_or(TimeZone::UTC);
        let mut shelf = Shelf { root, zone, key, claims: BTreeMap::new() };
        let spot = top.key("feeds");
        let mut feeds = Vec::new();
        for (party, sent, terms) in [
            (Party::A, &declared.feeds.a, &declared.parties.a),
            (Party::B, &declared.feeds.b, &declared.parties.b),
        ] {
            // A statement is of both programmes' points, which it has in their smallest units.
            let scale_of = |kind: FeedKind| match kind {
                FeedKind::Statement => 0,
                _ => terms.scale.unwrap_or(0),
            };
            for (kind, feed) in [
                (FeedKind::Members, sent.members.as_ref()),
                (FeedKind::Accounts, sent.accounts.as_ref()),
                (FeedKind::Opening, sent.opening.as_ref()),
                (FeedKind::Lots, sent.lots.as_ref()),
                (FeedKind::Ledger, Some(&sent.ledger)),
                (FeedKind::Statement, sent.statement.as_ref()),
                (FeedKind::Deliveries, sent.deliveries.as_ref()),
            ] {
                let Some(feed) = feed else { continue };
                let spot = spot.key(party.letter()).key(kind.word());
                feeds.push(self.feed(
                    spot,
                    Owner::Party(party),
                    kind,
                    scale_of(kind),
                    feed,
                    &mut shelf,
                ));
            }
        }
        let shared = &declared.feeds.shared;
        for (kind, feed) in [
            (FeedKind::Links, &shared.links),
            (FeedKind::Consents, &shared.consents),
            (FeedKind::Adjustments, &shared.adjustments),
            (FeedKind::Settlements, &shared.settlements),
            (FeedKind::ExemptDays, &shared.exempt_days),
            (FeedKind::Decisions, &shared.decisions),
            (FeedKind::Deliveries, &shared.deliveries),
        ] {
            let Some(feed) = feed else { continue };
            let spot = spot.key("shared").key(kind.word());
            feeds.push(self.feed(spot, Owner::Shared, kind, 0, feed, &mut shelf));
        }
        self.deliveries_say(spot, &feeds);
        feeds
    }

    fn feed(
        &mut self,
        spot: Spot<'_>,
        owner: Owner,
        kind: FeedKind,
        scale: u8,
        declared: &FeedDeclaration,
        shelf: &mut Shelf<'_>,
    ) -> Feed {
        let name = format!("feeds.{}.{}", owner.word(), kind.word());
        let patterns = self.patterns(spot, ("files", &declared.files.0), &name, shelf);
        let following = declared.following.as_ref().map_or(&[][..], |following| &following.0);
        if kind != FeedKind::Ledger && !following.is_empty() {
            let reason = format!("`{name}` has `following`, which only a ledger has");
            let cure = "Remove it; rows of later days are read to be paired, and these are not.";
            self.problem(spot.key("following").key_mark(), reason, cure);
        }
        let following = self.patterns(spot, ("following", following), &name, shelf);
        let format = self.format(spot.key("format"), &name, &declared.format);
        let columns = self.columns(spot.key("columns"), kind, declared, shelf);
        self.not_agreed(spot.key("not_agreed"), declared, &columns);
        let due = declared.due.as_ref().and_then(|due| self.due(spot.key("due"), due));
        self.max_age(spot.key("max_age_days"), kind, declared.max_age_days);
        Feed {
            owner,
            kind,
            root: shelf.root.map_or_else(PathBuf::new, Path::to_owned),
            patterns,
            following,
            format,
            scale,
            zone: shelf.zone.clone(),
            columns,
            not_agreed: declared.not_agreed.clone(),
            due,
            max_age_days: declared.max_age_days,
        }
    }

    fn patterns(
        &mut self,
        spot: Spot<'_>,
        (key, declared): (&str, &[String]),
        name: &str,
        shelf: &mut Shelf<'_>,
    ) -> Vec<String> {
        let spot = spot.key(key);
        let what = format!("`{key}`");
        let mut patterns = Vec::new();
        for (index, text) in declared.iter().enumerate() {
            let item = spot.item(index);
            let Some(pattern) = self.relative(item, &what, text, true) else { continue };
            if let Some(root) = shelf.root
                && !self.stays(item, &what, root, &pattern)
            {
                continue;
            }
            if let Some(claimed) = shelf.claims.insert(pattern.clone(), name.to_owned()) {
                self.problem(
                    item.mark(),
                    format!("`{}` is already a file of `{claimed}`", shown(&pattern)),
                    "Give each feed files of its own; a file read twice would be counted twice.",
                );
            }
            patterns.push(pattern);
        }
        patterns
    }

    fn format(&mut self, spot: Spot<'_>, name: &str, declared: &FormatDeclaration) -> Format {
        match declared {
            FormatDeclaration::Parquet(_) => Format::Parquet,
            FormatDeclaration::Csv(csv) => {
                let EncodingDeclaration::Utf8 = self.settled(
                    &format!("{name}.format.csv.encoding"),
                    csv.encoding,
                    EncodingDeclaration::Utf8,
                    "utf-8",
                );
                let delimiter = self.delimiter(spot.key("csv").key("delimiter"), name, csv);
                Format::Csv { delimiter, nulls: csv.nulls.clone() }
            }
        }
    }

    fn delimiter(&mut self, spot: Spot<'_>, name: &str, csv: &CsvDeclaration) -> u8 {
        let Some(text) = csv.delimiter.as_deref() else {
            return self.settled(&format!("{name}.format.csv.delimiter"), None, b',', ",");
        };
        match text.as_bytes() {
            [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r' | 0) => *byte,
            _ => {
                self.problem(
                    spot.mark(),
                    format!("`delimiter` is `{}`, which cannot part columns", shown(text)),
                    "Write one ASCII character that is no quote and no line break, such as \
                    \",\", \
                     \"|\" or \"\\t\".",
                );
                b','
            }
        }
    }

    fn columns(
        &mut self,
        spot: Spot<'_>,
        kind: FeedKind,
        declared: &FeedDeclaration,
        shelf: &Shelf<'_>,
    ) -> Vec<Column> {
        let known: Vec<&str> = kind.fields().iter().map(|field| field.name).collect();
        let mut misspelt = Vec::new();
        for name in declared.columns.keys() {
            if kind.field(name).is_some() {
                continue;
            }
            let cure = match nearest(name, known.iter().copied()) {
                Some(near) => {
                    misspelt.push(near);
                    format!("Did you mean `{near}`?")
                }
                None => format!("Remove it, or write {}.", nearest::one_of(&known)),
            };
            let reason = format!("`{}` is no column of `{}`", shown(name), kind.word());
            self.problem(spot.key(name).key_mark(), reason, cure);
        }
        let mut columns = Vec::new();
        for field in kind.fields() {
            match declared.columns.get(field.name) {
                Some(column) => {
                    columns.extend(self.column(spot.key(field.name), field, column, shelf));
                }
                None if field.required && !misspelt.contains(&field.name) => self.problem(
                    spot.key_mark(),
                    format!("`columns` of `{}` lacks `{}`", kind.word(), field.name),
                    format!(
                        "Add `{}: …` with the name that it has in the file: {}",
                        field.name, field.meaning
                    ),
                ),
                None => {}
            }
        }
        self.contacts_stand_alone(spot, &columns);
        columns
    }

    fn column(
        &mut self,
        spot: Spot<'_>,
        field: &'static Field,
        declared: &ColumnDeclaration,
        shelf: &Shelf<'_>,
    ) -> Option<Column> {
        let named;
        let described = match declared {
            ColumnDeclaration::Described(described) => described,
            ColumnDeclaration::Named(from) => {
                named = ColumnDescription { from: Some(from.clone()), ..Default::default() };
                &named
            }
        };
        let origin = self.origin(spot, field, described);
        let words = self.words(spot, field, described);
        self.pattern(spot, field, described);
        let contact = self.contact(spot, field, described, shelf);
        let origin = origin?;
        if let Origin::Constant(value) = &origin {
            self.constant(spot.key("value"), field, described, value, &shelf.zone);
        }
        Some(Column { field, origin, words, pattern: described.format.clone(), contact })
    }

    fn origin(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> Option<Origin> {
        let (reason, cure) = match (&described.from, &described.value) {
            (Some(from), None) if from.trim().is_empty() => {
                self.problem(
                    spot.key("from").mark(),
                    format!("`from` of `{}` is blank", field.name),
                    "Write the name of the column in the file.",
                );
                return None;
            }
            (Some(from), None) => return Some(Origin::Named(from.clone())),
            (None, Some(value)) => return Some(Origin::Constant(value.clone())),
            (Some(_), Some(_)) => ("has both `from` and `value`", "Keep one of the two."),
            (None, None) => (
                "has neither `from` nor `value`",
                "Add `from` with the name of the column in the file.",
            ),
        };
        self.problem(spot.key_mark(), format!("the column `{}` {reason}", field.name), cure);
        None
    }

    /// The partner's words as codes of the field's list.
    fn words(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> BTreeMap<String, u8> {
        let mut codes = BTreeMap::new();
        let Some(values) = &described.values else { return codes };
        let spot = spot.key("values");
        let FieldKind::Word { words, .. } = field.kind else {
            self.problem(
                spot.key_mark(),
                format!("`values` stands on `{}`, which is no column of words", field.name),
                "Remove `values`; kinds, statuses and methods alone have them.",
            );
            return codes;
        };
        if values.is_empty() {
            let reason = format!("`values` of `{}` is empty", field.name);
            let cure =
                "Write the partner's words with the canonical words beside them, or remove it.";
            self.problem(spot.key_mark(), reason, cure);
        }
        for (theirs, word) in values {
            let code = words.iter().position(|known| known == word);
            match code.and_then(|code| u8::try_from(code).ok()) {
                Some(code) => {
                    codes.insert(theirs.clone(), code);
                }
                None => self.no_word(spot.key(theirs), field, word, words),
            }
        }
        codes
    }

    fn no_word(&mut self, spot: Spot<'_>, field: &Field, word: &str, words: &[&str]) {
        let reason = format!("`{}` is no word of `{}`", shown(word), field.name);
        self.problem(spot.mark(), reason, nearest::cure(word, words));
    }

    fn pattern(&mut self, spot: Spot<'_>, field: &Field, described: &ColumnDescription) {
        let Some(pattern) = &described.format else { return };
        let spot = spot.key("format");
        if !matches!(field.kind, FieldKind::Instant | FieldKind::AsOf) {
            self.problem(
                spot.key_mark(),
                format!("`format` stands on `{}`, which is no time", field.name),
                "Remove `format`; instants and days alone have one.",
            );
        } else if !gives_a_day(pattern) {
            self.problem(
                spot.mark(),
                format!(
                    "`format` of `{}` is `{}`, which does not give a day",
                    field.name,
                    shown(pattern)
                ),
                "Write strptime notation, such as `%Y%m%d%H%M%S` or `%Y-%m-%d %H:%M:%S`.",
            );
        }
    }

    fn constant(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
        value: &str,
        zone: &TimeZone,
    ) {
        let name = field.name;
        match field.kind {
            FieldKind::Word { .. } if described.values.is_some() => self.problem(
                spot.key_mark(),
                format!("the column `{name}` has both `value` and `values`"),
                "Keep `value` with a canonical word.",
            ),
            FieldKind::Word { words, .. } => {
                if !words.contains(&value) {
                    self.no_word(spot, field, value, words);
                }
            }
            FieldKind::Id | FieldKind::Token => self.problem(
                spot.key_mark(),
                format!("`{name}` would be the same in every row"),
                "Write `from` with the name of the column in the file.",
            ),
            FieldKind::Points | FieldKind::Amount | FieldKind::Whole => {
                if decimal(value).is_none() {
                    let reason =
                        format!("`value` of `{name}` is `{}`, which is no quantity", shown(value));
                    self.problem(spot.mark(), reason, "Write a plain number.");
                }
            }
            FieldKind::Instant | FieldKind::AsOf => {
                if described.format.is_some() {
                    let reason = format!("the column `{name}` has both `value` and `format`");
                    self.problem(spot.key_mark(), reason, "Remove `format`.");
                }
                if instant(value, zone).is_none() {
                    let reason =
                        format!("`value` of `{name}` is `{}`, which is no time", shown(value));
                    self.problem(spot.mark(), reason, INSTANT_CURE);
                }
            }
            FieldKind::Text => {}
        }
    }
}

/// Whether a strptime notation is understood and fixes a day: a sample that is written in it must
/// read back as the same day.
fn gives_a_day(pattern: &str) -> bool {
    let sample = jiff::civil::date(2026, 11, 23).at(21, 34, 56, 0).to_zoned(TimeZone::UTC);
    let Ok(sample) = sample else { return false };
    let Ok(written) = strtime::format(pattern, &sample) else { return false };
    BrokenDownTime::parse(pattern, &written)
        .and_then(|parsed| match parsed.to_timestamp() {
            Ok(at) => Ok(TimeZone::UTC.to_datetime(at).date()),
            Err(_) => parsed.to_date(),
        })
        .is_ok_and(|day| day == sample.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notation_must_give_a_day() {
        let rows = [
            ("%Y%m%d%H%M%S", true),
            ("%Y-%m-%d %H:%M:%S", true),
            ("%Y年%m月%d日", true),
            ("%s", true),
            ("%Y-%m-%dT%H:%M:%S%z", true),
            ("%H:%M:%S", false),
            ("%Y-%m", false),
            ("%q", false),
            ("yyyy-MM-dd", false),
            ("%y%m%d", true),
        ];
        for (pattern, expected) in rows {
            assert_eq!(gives_a_day(pattern), expected, "{pattern}");
        }
    }
}
