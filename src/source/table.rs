//! What tables of typed columns have in common: their columns are held against the rules, and
//! decoded batches are conformed row by row.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use arrow::datatypes::Schema;
use arrow::record_batch::RecordBatch;

use super::conform::{ABSENT, Misfit, Rule, Source};
use super::error::SourceError;
use super::lane::{Lane, unfit, unfit_sign};
use super::misnamed::guess;
use super::sheet::{Draft, Spot, after};
use crate::feed::{Feed, FeedFault, Stray};

/// Which columns of a file are decoded, and which canonical ones they fill.
#[derive(Debug)]
pub(super) struct Columns {
    /// Places among the columns of the file, in its order.
    pub(super) projected: Vec<usize>,
    /// By canonical column, places among the projected ones.
    pub(super) sources: Vec<Option<Source>>,
}

/// What was found of the files so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// What was wrong with their columns.
    pub(super) faults: Vec<FeedFault>,
    /// Columns that were not agreed.
    pub(super) strays: Vec<Stray>,
}

impl Findings {
    pub(super) fn into_parts(self) -> (Vec<FeedFault>, Vec<Stray>) {
        (self.faults, self.strays)
    }

    /// Holds the columns of a file against the rules; `None` where they do not fit. `odd` says why
    /// a column cannot be read whatever it fills.
    pub(super) fn columns(
        &mut self,
        feed: &Feed,
        rules: &[Rule],
        file: &str,
        schema: &Schema,
        odd: impl Fn(usize) -> Option<String>,
    ) -> Option<Columns> {
        for column in &feed.not_agreed {
            if schema.fields().iter().any(|field| field.name() == column) {
                self.strays.push(Stray { file: file.to_owned(), column: column.clone() });
            }
        }
        let mut roots = Vec::with_capacity(rules.len());
        let mut faults = Vec::new();
        for rule in rules {
            let names = schema.fields().iter().map(|column| column.name().as_str());
            let source = match rule.source("file", names) {
                Ok(source) => source,
                Err(Misfit { column, mut reason }) => {
                    if reason.ends_with(ABSENT) {
                        let names = schema.fields().iter().map(|column| column.name().as_str());
                        let unread = |name: &&str| rules.iter().all(|rule| !rule.reads(name));
                        let unread: Vec<&str> = names.filter(unread).collect();
                        let cure = elsewhere(&column, file, schema)
                            .or_else(|| guess(&column, &unread, true))
                            .unwrap_or("see `from` of the column, or have it sent".to_owned());
                        reason += &format!("; {cure}");
                    }
                    faults.push(FeedFault::Column { file: file.to_owned(), column, reason });
                    continue;
                }
            };
            roots.push(source);
            let Some(Source { value, sign }) = source else { continue };
            for (root, is_sign) in [(Some(value), false), (sign, true)] {
                let Some((root, column)) = root.and_then(|at| Some((at, schema.fields().get(at)?)))
                else {
                    continue;
                };
                let reason = odd(root).or_else(|| {
                    let data_type = column.data_type();
                    if is_sign { unfit_sign(data_type) } else { unfit(rule, data_type) }
                });
                if let Some(reason) = reason {
                    let (file, column) = (file.to_owned(), column.name().clone());
                    faults.push(FeedFault::Column { file, column, reason });
                }
            }
        }
        if !faults.is_empty() {
            self.faults.append(&mut faults);
            return None;
        }
        // A decoded batch holds the projected columns in the order of the file.
        let mut projected: Vec<usize> = roots
            .iter()
            .flatten()
            .flat_map(|source: &Source| [Some(source.value), source.sign])
            .flatten()
            .collect();
        projected.sort_unstable();
        projected.dedup();
        let place = |root: usize| projected.binary_search(&root).ok();
        let sources = roots
            .into_iter()
            .map(|source| {
                let Source { value, sign } = source?;
                Some(Source { value: place(value)?, sign: sign.and_then(place) })
            })
            .collect();
        Some(Columns { projected, sources })
    }
}

thread_local! {
    /// Whether this thread is within a decoder.
    static IS_CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// What to do about a column that stands within another one, or in the names of folders.
fn elsewhere(column: &str, file: &str, schema: &Schema) -> Option<String> {
    column.split(" / ").find_map(|name| {
        let is_of_folder = |folder: &str| folder.split_once('=').is_some_and(|(of, _)| of == name);
        if file.split('/').any(is_of_folder) {
            return Some(format!(
                "it stands in the names of folders, which are not read: have `{name}` written into \
                 the files too"
            ));
        }
        let (outer, _) = name.split_once('.')?;
        let found = schema.fields().iter().find(|field| field.name() == outer)?;
        found.data_type().is_nested().then(|| {
            format!(
                "within `{outer}` nothing is read: have `{name}` written as a column of its own"
            )
        })
    })
}

/// Lets no panic of a decoder be printed: what it says may hold a value of the file.
fn hush() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let tell = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_CONTAINED.get() {
                tell(panic);
            }
        }));
    });
}

/// Calls into a decoder, which panics on some damaged files; `None` where it does, and nothing is
/// printed of it.
pub fn unprinted<T>(call: impl FnOnce() -> T) -> Option<T> {
    hush();
    let before = IS_CONTAINED.replace(true);
    // What the closure borrows is dropped with the error, so no half-made state is seen again.
    let end = catch_unwind(AssertUnwindSafe(call));
    IS_CONTAINED.set(before);
    end.ok()
}

/// Calls into a decoder; its errors and its panics both say that the file is corrupt.
pub(super) fn contained<T>(
    file: &str,
    what: &'static str,
    call: impl FnOnce() -> Result<T, String>,
) -> Result<T, SourceError> {
    let reason = match unprinted(call) {
        Some(Ok(value)) => return Ok(value),
        Some(Err(reason)) => unpacked(&reason).unwrap_or(reason),
        None => "the decoder gave up".to_owned(),
    };
    Err(SourceError::Corrupt { file: file.to_owned(), what, reason })
}

/// What to say where the decoder was built without what the pages of a table are packed with.
fn unpacked(reason: &str) -> Option<String> {
    let (_, feature) = reason.split_once("Disabled feature at compile time: ")?;
    let packing = match feature.trim() {
        "brotli" => "Brotli",
        other => other,
    };
    Some(format!(
        "its pages are packed with {packing}, which is not read: have it written with Snappy, \
         Zstandard, gzip or LZ4"
    ))
}

/// The lane of a column's values, and that of their signs.
type Pair = (Option<Lane>, Option<Lane>);

/// A decoded batch, column by column.
#[derive(Debug)]
pub(super) struct Lanes {
    rows: usize,
    pairs: Vec<Pair>,
}

impl Lanes {
    /// The lanes of a batch; the error is a reason why the decoder cannot be believed.
    pub(super) fn new(batch: &RecordBatch, sources: &[Option<Source>]) -> Result<Lanes, String> {
        let lane = |at: Option<usize>| at.map(|at| Lane::new(batch, at)).transpose();
        let pairs: Result<Vec<Pair>, String> = sources
            .iter()
            .map(|source| {
                let value = lane(source.map(|source| source.value))?;
                Ok((value, lane(source.and_then(|source| source.sign))?))
            })
            .collect();
        Ok(Lanes { rows: batch.num_rows(), pairs: pairs? })
    }

    /// Conforms the rows, so many together; so many rows of the file stand before the draft's
    /// first.
    pub(super) fn rows(
        &self,
        draft: &mut Draft<'_>,
        before: u64,
        together: usize,
    ) -> Result<(), SourceError> {
        let mut scratch = String::new();
        let mut row = 0;
        let mut most = together;
        while row < self.rows {
            let from = row;
            let first = before + draft.rows() + 1;
            let lines: Vec<u64> = (first..).take(most.min(self.rows - from)).collect();
            let stood = draft.rows_on(&lines, |at, rule, cells, rows| match self.pairs.get(at) {
                Some((Some(lane), sign)) => lane.column(from, rows, sign.as_ref(), rule, cells),
                _ => 0,
            });
            most = after(stood).min(together);
            row += stood;
            if row == self.rows {
                break;
            }
            let line = before + draft.rows() + 1;
            draft.row(Spot { line, byte_offset: None }, |at, rule, slot| {
                match self.pairs.get(at) {
                    Some((Some(lane), sign)) => {
                        lane.fill(row, sign.as_ref(), rule, slot, &mut scratch)
                    }
                    // The layout was made for these rules, so the lane is there.
                    _ => slot.take(rule.blank(), ""),
                }
            })?;
            row += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packing_that_is_not_read_is_named() {
        let told = unpacked("Parquet error: Disabled feature at compile time: brotli").unwrap();
        assert!(told.starts_with("its pages are packed with Brotli, which is not read"), "{told}");
        assert_eq!(unpacked("Parquet error: EOF"), None);
    }
}
