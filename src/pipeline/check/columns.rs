//! The columns of a feed: which canonical column each fills, and from where.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;

use super::Checker;
use super::amounts::{INSTANT_CURE, decimal, instant};
use super::feeds::Shelf;
use crate::feed::{Around, Column, Delimited, FeedKind, Format, Origin};
use crate::frame::fields::{Field, FieldKind};
use crate::pipeline::declaration::{
    ColumnDeclaration, ColumnDescription, FeedDeclaration, FormatDeclaration, OneOrMany,
    TokenChoice, TokenDeclaration,
};
use crate::pipeline::nearest::{self, nearest};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;

/// The texts that mean "no value" in every column of a format that does not say otherwise.
fn format_nulls(format: &FormatDeclaration) -> &[String] {
    match format {
        FormatDeclaration::Csv(csv) => &csv.nulls,
        FormatDeclaration::Fixed(fixed) => &fixed.nulls,
        FormatDeclaration::JsonLines(json) => &json.nulls,
        FormatDeclaration::Parquet(_) | FormatDeclaration::Arrow(_) => &[],
    }
}

impl Checker<'_> {
    pub(super) fn columns(
        &mut self,
        spot: Spot<'_>,
        kind: FeedKind,
        declared: &FeedDeclaration,
        shelf: &Shelf<'_>,
    ) -> Vec<Column> {
        let nulls = format_nulls(&declared.format);
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
                    columns.extend(self.column(spot.key(field.name), field, column, nulls, shelf));
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

    /// Where the pipeline itself names the columns of the files, each that is read is one of them.
    pub(super) fn named_by_format(&mut self, spot: Spot<'_>, format: &Format, columns: &[Column]) {
        let (known, place): (Vec<&str>, _) = match format {
            Format::Csv(Delimited { header: Some(names), .. }) => {
                (names.iter().map(String::as_str).collect(), "header")
            }
            Format::Fixed(fixed) if !fixed.fields.is_empty() => {
                (fixed.fields.iter().map(|(name, _)| name.as_str()).collect(), "fields")
            }
            _ => return,
        };
        for column in columns {
            let origin = match &column.origin {
                Origin::Named(names) => names.as_slice(),
                Origin::Constant(_) => &[],
            };
            let sign = column.sign.as_ref().map_or(&[][..], |sign| &sign.names);
            for names in [origin, sign] {
                let is_known = |name: &String| known.iter().any(|one| one.trim() == name.trim());
                let Some(first) = names.first().filter(|_| !names.iter().any(is_known)) else {
                    continue;
                };
                let reason = format!(
                    "`{}` of `{}` is none of the names under `{place}`",
                    shown(first),
                    column.field.name
                );
                let cure = match nearest(first, known.iter().copied()) {
                    Some(near) => format!("Did you mean `{}`?", shown(near)),
                    None => format!("Add it under `{place}`, or name one that stands there."),
                };
                self.problem(spot.key(column.field.name).mark(), reason, cure);
            }
        }
    }

    fn column(
        &mut self,
        spot: Spot<'_>,
        field: &'static Field,
        declared: &ColumnDeclaration,
        nulls: &[String],
        shelf: &Shelf<'_>,
    ) -> Option<Column> {
        let named;
        let described = match declared {
            ColumnDeclaration::Described(described) => described,
            ColumnDeclaration::Named(from) => {
                let from = Some(OneOrMany(vec![from.clone()]));
                named = ColumnDescription { from, ..Default::default() };
                &named
            }
        };
        let origin = self.origin(spot, field, described);
        let words = self.words(spot, field, described);
        let nulls = self.nulls(spot, field, described, nulls);
        let number = self.number(spot, field, described);
        let sign = self.sign(spot, field, described);
        let time = self.time(spot, field, described);
        let contact = self.contact(spot, field, described, shelf);
        let strip = self.strip(spot, field, described);
        let stands = self.stands(spot, field, described);
        let origin = origin?;
        if let Origin::Constant(value) = &origin {
            self.constant(spot.key("value"), field, described, value, &shelf.zone);
        }
        Some(Column { field, origin, nulls, words, number, sign, time, contact, strip, stands })
    }

    fn origin(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> Option<Origin> {
        let (reason, cure) = match (&described.from, &described.value) {
            (Some(from), None) => {
                let what = format!("`from` of `{}`", field.name);
                return self.names(spot.key("from"), &what, from).map(Origin::Named);
            }
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

    /// The names that a column may have in the file.
    pub(super) fn names(
        &mut self,
        spot: Spot<'_>,
        what: &str,
        names: &OneOrMany,
    ) -> Option<Vec<String>> {
        let mut fine = true;
        for (index, name) in names.0.iter().enumerate() {
            let mark = spot.item(index).mark();
            let before = names.0.get(..index).unwrap_or_default();
            if name.trim().is_empty() {
                let cure = "Write the name of the column in the file.";
                self.problem(mark, format!("{what} is blank"), cure);
                fine = false;
            } else if before.iter().any(|other| other.trim() == name.trim()) {
                let reason = format!("{what} names `{}` twice", shown(name));
                self.problem(mark, reason, "Keep one of the two.");
                fine = false;
            }
        }
        fine.then(|| names.0.clone())
    }

    /// Texts that mean "no value": the column's own, else the format's.
    fn nulls(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
        of_format: &[String],
    ) -> Vec<String> {
        let Some(nulls) = &described.nulls else { return of_format.to_vec() };
        for (index, null) in nulls.iter().enumerate() {
            let is_word = |word: &String| word.trim() == null.trim();
            if described.values.as_ref().is_some_and(|values| values.keys().any(is_word)) {
                self.problem(
                    spot.key("nulls").item(index).mark(),
                    format!("`{}` of `{}` is both no value and a word", shown(null), field.name),
                    "Keep it in one of `nulls` and `values`.",
                );
            }
        }
        nulls.clone()
    }

    /// What is taken off raw contact data.
    fn strip(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> Vec<String> {
        let Some(strip) = &described.strip else { return Vec::new() };
        let raw = matches!(
            described.token.as_ref().map(TokenChoice::word),
            Some(TokenDeclaration::Mobile | TokenDeclaration::Email | TokenDeclaration::Name)
        );
        if !raw {
            self.problem(
                spot.key("strip").key_mark(),
                format!("`strip` stands on `{}`, which is no raw contact data", field.name),
                "Remove `strip`; what is not keyed by Hutong is read as it stands.",
            );
        }
        strip.0.clone()
    }

    /// The texts between which each value stands.
    fn stands(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
    ) -> Option<Around> {
        let declared = described.stands.as_ref()?;
        let around = Around {
            after: declared.after.as_deref().unwrap_or_default().trim().to_owned(),
            before: declared.before.as_deref().unwrap_or_default().trim().to_owned(),
        };
        if around.after.is_empty() && around.before.is_empty() {
            let reason = format!("`stands` of `{}` names no text", field.name);
            let cure = "Write what each value begins or ends with, such as \
                        `{ after: '=\"', before: '\"' }`, or remove it.";
            self.problem(spot.key("stands").key_mark(), reason, cure);
        }
        Some(around)
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

    fn constant(
        &mut self,
        spot: Spot<'_>,
        field: &Field,
        described: &ColumnDescription,
        value: &str,
        zone: &TimeZone,
    ) {
        let name = field.name;
        // What says how a value of the file is written says nothing of a constant.
        let needless = [
            ("nulls", described.nulls.is_some()),
            ("number", described.number.is_some()),
            ("sign", described.sign.is_some()),
            ("format", described.format.is_some()),
            ("epoch", described.epoch.is_some()),
            ("year", described.year.is_some()),
            ("strip", described.strip.is_some()),
            ("stands", described.stands.is_some()),
        ];
        for (key, _) in needless.into_iter().filter(|(_, stands)| *stands) {
            let reason = format!("the column `{name}` has both `value` and `{key}`");
            self.problem(spot.key_mark(), reason, format!("Remove `{key}`."));
        }
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
                if instant(value, zone).is_none() {
                    let reason =
                        format!("`value` of `{name}` is `{}`, which is no time", shown(value));
                    self.problem(spot.mark(), reason, INSTANT_CURE);
                }
            }
            FieldKind::Text | FieldKind::Label => {}
        }
    }
}
