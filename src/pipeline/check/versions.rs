//! The versions of a term in time: without gap, without overlap, within the agreement's term.

use jiff::tz::TimeZone;

use super::Checker;
use super::amounts::{INSTANT_CURE, instant};
use crate::pipeline::structure::shown;
use crate::pipeline::text::Spot;
use crate::value::period::Instant;
use crate::value::version::{Version, Versions};

/// A version as declared, before its end is known.
pub(super) struct Draft<'t, T> {
    pub(super) spot: Spot<'t>,
    /// The dotted key of the version, for the list of defaults.
    pub(super) key: String,
    pub(super) from: Instant,
    pub(super) to: Option<Instant>,
    pub(super) label: String,
    pub(super) clause: Option<String>,
    /// `None` where a problem has been found; the version still takes its place in time.
    pub(super) value: Option<T>,
}

impl Checker<'_> {
    /// The `from` and `to` of a version.
    pub(super) fn span(
        &mut self,
        item: Spot<'_>,
        from: &str,
        to: Option<&str>,
        zone: &TimeZone,
    ) -> Option<(Instant, Option<Instant>)> {
        let mut at = |key: &str, text: &str| {
            let at = instant(text, zone);
            if at.is_none() {
                let reason = format!("`{key}` is `{}`, which is no day or instant", shown(text));
                self.problem(item.key(key).mark(), reason, INSTANT_CURE);
            }
            at
        };
        let from = at("from", from);
        let to = to.map(|to| at("to", to));
        Some((
            from?,
            match to {
                Some(to) => Some(to?),
                None => None,
            },
        ))
    }

    /// Orders the versions of one term, ends each where the next begins, and refuses overlaps
    /// (domain.md, invariant 4). A gap is no problem until an event needs it: that is AMT-07.
    pub(super) fn versions<T>(
        &mut self,
        what: &str,
        mut drafts: Vec<Draft<'_, T>>,
        term: Option<(Instant, Instant)>,
        _timed: bool,
    ) -> Option<Versions<T>> {
        let term = term?;
        drafts.sort_by_key(|draft| draft.from);
        let starts: Vec<(Instant, String)> =
            drafts.iter().map(|draft| (draft.from, draft.label.clone())).collect();
        let mut versions = Vec::with_capacity(drafts.len());
        let problems_before = self.problems.len();
        for (index, draft) in drafts.into_iter().enumerate() {
            let next = starts.get(index + 1);
            let to = draft.to.or(next.map(|(start, _)| *start)).unwrap_or(term.1);
            if draft.to.is_none() {
                let shown = next.map_or("the term's end", |(_, label)| label);
                self.defaults.push((draft.key.clone(), shown.to_owned()));
            }
            let label = draft.label;
            let from_mark = draft.spot.key("from").mark();
            let to_mark = draft.spot.key("to").mark();
            if let Some((start, next_label)) = next
                && *start == draft.from
            {
                self.problem(
                    from_mark,
                    format!("two versions of {what} begin on {next_label}"),
                    "Remove one of the two, or give it another `from`.",
                );
            } else if draft.from < term.0 || draft.from >= term.1 {
                self.problem(
                    from_mark,
                    format!(
                        "the version of {what} from {label} begins outside the agreement's term"
                    ),
                    "Write a `from` within `agreement.term`, or mend the term.",
                );
            } else if to <= draft.from {
                self.problem(
                    to_mark,
                    format!("the version of {what} from {label} ends before it begins"),
                    "Write a `to` later than `from`, or remove it.",
                );
            } else if to > term.1 {
                self.problem(
                    to_mark,
                    format!("the version of {what} from {label} ends after the agreement's term"),
                    "Remove `to`: the last version ends with the term.",
                );
            } else if let (Some(end), Some((start, next_label))) = (draft.to, next)
                && end > *start
            {
                self.problem(
                    to_mark,
                    format!(
                        "the version of {what} from {label} overlaps the next, which begins \
                        {next_label}"
                    ),
                    "Remove this `to`, so that each version ends where the next begins; an instant has one version.",
                );
            }
            let clause = draft.clause;
            let from = draft.from;
            versions.push(draft.value.map(|value| Version { from, to, value, label, clause }));
        }
        if self.problems.len() > problems_before {
            return None;
        }
        Versions::new(versions.into_iter().collect::<Option<Vec<_>>>()?).ok()
    }
}
