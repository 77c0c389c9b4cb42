//! A sheet: the canonical rows and the rejects of one piece of one file.

use super::cells::Cells;
use super::conform::{Rule, Supply, Value, trim};
use super::error::SourceError;
use super::refusal::Refusal;
use crate::control::key_hash;
use crate::feed::{DeclaredTotal, FeedKind, PartSum, Reject, RejectCode};
use crate::value::token::redact;

/// One piece of one file, conformed.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// The part's number among those of the feed.
    pub(super) part: u32,
    /// The file, as an index into the feed's files.
    pub(super) file: u32,
    /// The part as it is told.
    pub(super) name: String,
    /// Rows read, refused ones included.
    pub(super) rows: u64,
    /// Bytes read.
    pub(super) bytes: u64,
    /// The canonical columns.
    pub(super) columns: Vec<Cells>,
    /// The line of each row.
    pub(super) lines: Vec<u64>,
    /// The refused rows.
    pub(super) rejects: Vec<Reject>,
    /// Totals that the part declares of itself.
    pub(super) totals: Vec<DeclaredTotal>,
    /// Whether nothing of a part of text stands behind it.
    pub(super) is_last: bool,
    /// By canonical column, whether a row has it under one of its names; nothing where the file
    /// names its columns itself, or where no row is read.
    pub(super) had: Vec<bool>,
    /// What the rows amount to.
    pub(super) sum: PartSum,
    /// The sheet itself as the cache is to keep it.
    pub(super) kept: Option<Vec<u8>>,
}

impl Sheet {
    /// Takes the sum of its rows. So many sheets as a feed has stay far from the end of 128 bits:
    /// its rows are counted in 31.
    pub(super) fn sum_up(&mut self, kind: FeedKind) {
        let fields = kind.fields();
        let column = |name: &str| {
            let at = fields.iter().position(|field| field.name == name);
            at.and_then(|at| self.columns.get(at))
        };
        let points = kind.points_column().and_then(column).map_or(0, Cells::sum);
        let keys: Vec<&Cells> = kind.key_columns().iter().filter_map(|name| column(name)).collect();
        let hashes =
            (0..self.lines.len()).map(|row| key_hash(keys.iter().map(|key| key.text(row))));
        self.sum = PartSum { points, hash: hashes.fold(0, u64::wrapping_add) };
    }

    /// Counts its file and part from others than the first of the feed.
    pub(super) fn move_behind(&mut self, (files, parts): (u32, u32)) {
        self.file += files;
        self.part += parts;
        self.totals.iter_mut().for_each(|total| total.part += parts);
    }
}

/// Where a row stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    pub(super) line: u64,
    pub(super) byte_offset: Option<u64>,
}

/// A refused cell, with what may be shown of it.
#[derive(Debug)]
pub(super) struct Refused {
    refusal: Refusal,
    redacted: String,
}

/// Where a cell's value goes.
pub(super) struct Slot<'s> {
    cells: &'s mut Cells,
    full: bool,
}

impl<'s> Slot<'s> {
    pub(super) fn of(cells: &'s mut Cells) -> Slot<'s> {
        Slot { cells, full: false }
    }

    /// Whether a value did not fit any more.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Takes a cell of text, with the cell of its sign column where the rule has one.
    pub(super) fn take_text(
        &mut self,
        rule: &Rule,
        raw: &str,
        sign: Option<&str>,
    ) -> Result<(), Refused> {
        match rule.sign(raw, sign) {
            Ok(sign) => self.take(rule.text(raw, sign), trim(raw)),
            Err(refusal) => self.take(Err(refusal), trim(sign.unwrap_or_default())),
        }
    }

    /// Takes what the rule made of a cell; a refusal is shown with the raw cell masked.
    pub(super) fn take(
        &mut self,
        made: Result<Value<'_>, Refusal>,
        raw: &str,
    ) -> Result<(), Refused> {
        match made {
            Ok(value) => {
                self.full = !self.cells.push(&value);
                Ok(())
            }
            Err(refusal) => Err(Refused { refusal, redacted: redact(raw) }),
        }
    }
}

/// The most rows that are added together: so few that what they were made of is still at hand when
/// their last column is filled.
pub(super) const MOST: usize = 512;

/// The most rows that room is made for at once, whatever a file says that it has.
const EXPECTED_MOST: u64 = 1 << 20;

/// How many rows to add together behind some of which so many stood. What was made of the rows
/// behind a refused one was for nothing, so that fewer are taken behind it.
pub(super) fn after(stood: usize) -> usize {
    MOST.min(2 * stood + 8)
}

/// A sheet under way.
#[derive(Debug)]
pub(super) struct Draft<'r> {
    rules: &'r [Rule],
    feed: &'static str,
    name: &'r str,
    part: u32,
    file: u32,
    rows: u64,
    cells: Vec<Cells>,
    lines: Vec<u64>,
    rejects: Vec<Reject>,
    /// Totals that were found on the way.
    pub(super) totals: Vec<DeclaredTotal>,
    /// Whether nothing of a part of text stands behind it.
    pub(super) is_last: bool,
    /// By canonical column, whether a row has it; for rows with names of their own.
    pub(super) had: Vec<bool>,
}

impl<'r> Draft<'r> {
    pub(super) fn new(
        feed: &'static str,
        rules: &'r [Rule],
        name: &'r str,
        part: u32,
        file: u32,
    ) -> Draft<'r> {
        let cells = rules.iter().map(|rule| match rule.supply {
            Supply::Everywhere(Value::Null) => Cells::nothing(rule.field.kind),
            Supply::Everywhere(_) | Supply::Named(_) => Cells::new(rule.field.kind),
        });
        let cells = cells.collect();
        let (lines, rejects, totals) = (Vec::new(), Vec::new(), Vec::new());
        let (rows, is_last, had) = (0, false, Vec::new());
        Draft { rules, feed, name, part, file, rows, cells, lines, rejects, totals, is_last, had }
    }

    /// Adds a row. `fill` is called for each named column in order and gives its cell to the slot;
    /// the first refusal takes the whole row out.
    pub(super) fn row(
        &mut self,
        spot: Spot,
        mut fill: impl FnMut(usize, &Rule, &mut Slot<'_>) -> Result<(), Refused>,
    ) -> Result<(), SourceError> {
        self.rows += 1;
        let mut refused = None;
        for (at, (rule, cells)) in self.rules.iter().zip(&mut self.cells).enumerate() {
            let mut slot = Slot::of(cells);
            let filled = match &rule.supply {
                Supply::Everywhere(value) => {
                    slot.full = !slot.cells.push(value);
                    Ok(())
                }
                Supply::Named(_) => fill(at, rule, &mut slot),
            };
            if slot.full {
                return Err(SourceError::TooLarge { feed: self.feed, column: rule.field.name });
            }
            if let Err(reason) = filled {
                refused = Some((rule.field.name, reason));
                break;
            }
        }
        let Some((column, Refused { refusal, redacted })) = refused else {
            self.lines.push(spot.line);
            return Ok(());
        };
        if let Refusal::UnknownKind(word) = refusal {
            let (file, column) = (self.name.to_owned(), column.to_owned());
            return Err(SourceError::UnknownKind { file, line: spot.line, column, word });
        }
        for cells in &mut self.cells {
            cells.truncate(self.lines.len());
        }
        self.push_reject(spot, column, RejectCode::Value, refusal.to_string(), redacted);
        Ok(())
    }

    /// Adds the rows on these lines, up to the first that has a cell to refuse, and says how many
    /// those are; that one is to be added by itself. `fill` is called for each named column in
    /// order, gives its cells so many values, and says how many it gave.
    pub(super) fn rows_on(
        &mut self,
        lines: &[u64],
        mut fill: impl FnMut(usize, &Rule, &mut Cells, usize) -> usize,
    ) -> usize {
        let mut rows = lines.len();
        for (at, (rule, cells)) in self.rules.iter().zip(&mut self.cells).enumerate() {
            rows = match &rule.supply {
                Supply::Everywhere(value) => cells.extend(rows, |_| Ok(value.clone())),
                Supply::Named(_) => fill(at, rule, cells, rows),
            };
        }
        self.lines.extend(lines.iter().take(rows));
        for cells in &mut self.cells {
            cells.truncate(self.lines.len());
        }
        self.rows += rows as u64;
        rows
    }

    /// Adds a record that is refused as a whole. Nothing of it is shown, because it may hold
    /// columns that nobody declared.
    pub(super) fn refuse(&mut self, spot: Spot, code: RejectCode, reason: String) {
        self.refuse_for(spot, "", code, reason);
    }

    /// The same, for what stands in a canonical column.
    pub(super) fn refuse_for(
        &mut self,
        spot: Spot,
        column: &str,
        code: RejectCode,
        reason: String,
    ) {
        self.rows += 1;
        self.push_reject(spot, column, code, reason, String::new());
    }

    fn push_reject(
        &mut self,
        spot: Spot,
        column: &str,
        code: RejectCode,
        reason: String,
        redacted: String,
    ) {
        self.rejects.push(Reject {
            file: self.name.to_owned(),
            line: spot.line,
            byte_offset: spot.byte_offset,
            column: column.to_owned(),
            code,
            reason,
            redacted,
        });
    }

    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Makes room for as many rows as there are to be, which are like those so far.
    pub(super) fn expect(&mut self, rows: u64) {
        let more = rows.saturating_sub(self.rows).min(EXPECTED_MOST);
        // It is no more than that many.
        let more = more as usize;
        self.cells.iter_mut().for_each(|cells| cells.expect(more));
        let _ = self.lines.try_reserve(more);
    }

    /// The finished sheet, made of that many bytes.
    pub(super) fn finish(self, bytes: u64) -> Sheet {
        let Draft {
            part, file, rows, cells: columns, lines, rejects, totals, is_last, had, ..
        } = self;
        Sheet {
            part,
            file,
            name: self.name.to_owned(),
            rows,
            bytes,
            columns,
            lines,
            rejects,
            totals,
            is_last,
            had,
            sum: PartSum::default(),
            kept: None,
        }
    }
}
