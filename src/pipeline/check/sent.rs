//! What a feed says of its files as files: columns that were not agreed, when they are due, how old
//! a snapshot may be, what stands beside them, and that the deliveries say what these need.

use std::collections::BTreeSet;

use jiff::civil::Time;

use super::Checker;
use crate::feed::{Around, BesideTotals, Column, Due, Feed, FeedKind, Figures, Origin};
use crate::pipeline::declaration::{
    DueDeclaration, FeedDeclaration, StandsDeclaration, UnpackDeclaration,
};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;

/// The latest due date: past a year, nobody waits for a file.
const DUE_DAYS_MAX: u32 = 366;

/// The oldest snapshot that may be agreed.
const AGE_DAYS_MAX: u32 = 366;

impl Checker<'_> {
    /// The ending of a file that stands beside another.
    pub(super) fn ending(&mut self, spot: Spot<'_>, key: &str, ending: &str) {
        let is_ending = ending.len() > 1
            && ending.starts_with('.')
            && ending.bytes().skip(1).all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
        if !is_ending {
            let reason = format!("`{key}` is `{}`, which is no ending", shown(ending));
            let cure = "Write a point and letters, such as `.ok` or `.done`.";
            self.problem(spot.mark(), reason, cure);
        }
    }

    /// The totals in a file beside each file.
    pub(super) fn beside_totals(
        &mut self,
        spot: Spot<'_>,
        kind: FeedKind,
        declared: &FeedDeclaration,
    ) -> Option<BesideTotals> {
        let totals = declared.totals.as_ref()?;
        self.ending(spot.key("ending"), "ending", &totals.ending);
        let around = |stands: &StandsDeclaration| Around {
            after: stands.after.clone().unwrap_or_default(),
            before: stands.before.clone().unwrap_or_default(),
        };
        let figures = Figures {
            rows: totals.rows.as_ref().map(around),
            points: totals.points.as_ref().map(around),
        };
        self.figures(spot, kind, "totals", &figures);
        if matches!(declared.unpack, Some(UnpackDeclaration::Zip(_))) {
            let reason = "`totals` stands on archives, whose entries have totals of their own";
            let cure = "Remove it, and declare `rows` and `points` of `deliveries`.";
            self.problem(spot.key_mark(), reason.to_owned(), cure);
        }
        Some(BesideTotals { ending: totals.ending.clone(), figures })
    }

    /// A column that is read cannot be one that was not agreed.
    pub(super) fn not_agreed(
        &mut self,
        spot: Spot<'_>,
        declared: &FeedDeclaration,
        columns: &[Column],
    ) {
        let mut known = BTreeSet::new();
        for (index, name) in declared.not_agreed.iter().enumerate() {
            let spot = spot.item(index);
            self.named(spot, "a column under `not_agreed`", name);
            if !known.insert(name.trim()) {
                let reason = format!("`{}` stands under `not_agreed` twice", shown(name));
                self.problem(spot.mark(), reason, "Keep one of the two.");
            }
            let is_named = |origin: &Origin| match origin {
                Origin::Named(from) => from.iter().any(|from| from.trim() == name.trim()),
                Origin::Constant(_) => false,
            };
            if let Some(column) = columns.iter().find(|column| is_named(&column.origin)) {
                self.problem(
                    spot.mark(),
                    format!(
                        "`{}` is not agreed, and `{}` reads it",
                        shown(name),
                        column.field.name
                    ),
                    "Take it out of `columns`, or out of `not_agreed` where it was agreed.",
                );
            }
        }
    }

    pub(super) fn due(&mut self, spot: Spot<'_>, declared: &DueDeclaration) -> Option<Due> {
        if declared.days > DUE_DAYS_MAX {
            self.problem(
                spot.key("days").mark(),
                format!("`days` is {}, which is more than {DUE_DAYS_MAX}", declared.days),
                format!("Write a number of days from 0 to {DUE_DAYS_MAX}."),
            );
        }
        let time = time(&declared.time);
        if time.is_none() {
            self.problem(
                spot.key("time").mark(),
                format!("`time` is `{}`, which is no time of day", shown(&declared.time)),
                "Write hours and minutes, such as \"06:00\".",
            );
        }
        Some(Due { days: declared.days, time: time? })
    }

    pub(super) fn max_age(&mut self, spot: Spot<'_>, kind: FeedKind, days: Option<u32>) {
        let Some(days) = days else { return };
        if !matches!(kind, FeedKind::Members | FeedKind::Accounts) {
            self.problem(
                spot.key_mark(),
                format!("`max_age_days` stands on `{}`, which is no snapshot", kind.word()),
                "Remove it; `members` and `accounts` alone have an age.",
            );
        } else if days > AGE_DAYS_MAX {
            self.problem(
                spot.mark(),
                format!("`max_age_days` is {days}, which is more than {AGE_DAYS_MAX}"),
                format!("Write a number of days from 0 to {AGE_DAYS_MAX}."),
            );
        }
    }

    /// What is judged by deliveries needs deliveries that say it.
    pub(super) fn deliveries_say(&mut self, spot: Spot<'_>, feeds: &[Feed]) {
        for feed in feeds {
            let owner = feed.owner.word();
            let spot = spot.key(owner).key(feed.kind.word());
            let note = feeds
                .iter()
                .find(|other| other.owner == feed.owner && other.kind == FeedKind::Deliveries);
            let says = |name: &str| {
                note.is_some_and(|note| note.columns.iter().any(|c| c.field.name == name))
            };
            if feed.due.is_some() && !says("sent_at") {
                self.problem(
                    spot.key("due").key_mark(),
                    format!(
                        "nothing says when the files of `{owner}.{}` were sent",
                        feed.kind.word()
                    ),
                    format!(
                        "Add `feeds.{owner}.deliveries` with the columns `file` and `sent_at`."
                    ),
                );
            }
            let dated = feed.columns.iter().any(|column| column.field.name == "as_of");
            let snapshot = matches!(feed.kind, FeedKind::Members | FeedKind::Accounts);
            if snapshot && feed.max_age_days.is_some() && !dated && !says("as_of") {
                self.problem(
                    spot.key("max_age_days").key_mark(),
                    format!("nothing says as of when `{owner}.{}` holds", feed.kind.word()),
                    format!("Add the column `as_of` to it or to `feeds.{owner}.deliveries`."),
                );
            }
        }
    }
}

/// A time of day as `HH:MM` or `HH:MM:SS`, and no other spelling of it.
fn time(text: &str) -> Option<Time> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b':');
    let is_whole = matches!(text.len(), 5 | 8) && text.as_bytes().get(2) == Some(&b':');
    (is_plain && is_whole).then(|| text.parse().ok()).flatten()
}
