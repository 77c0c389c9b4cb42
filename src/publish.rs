//! Floor 2: publishing. Tables to Parquet in a staging folder, then one rename: a publication
//! appears whole or not at all.

mod folder;
mod manifest;
mod parquet;
mod readback;
mod report;
mod rehearsal;
mod table;
mod tables;
mod workbook;

pub use folder::{Folder, Lock, PublishError, Published, sweep_staged};
pub use manifest::{
    BLOCKED, CollisionEntry, FINAL, InputEntry, Manifest, MatchEntry, OutputFile, PROVISIONAL,
    PastEntry, StatementEntry, TermEntry, ThresholdEntry, TotalEntry, run_digest,
};
pub use parquet::{Amend, Heard, Runs, SortKey, Stamp, write, write_by_place};
pub use readback::{CLOSINGS, Closing, Columns, Final, add_closings, closed_statements};
pub use rehearsal::Rehearsal;
pub use report::{
    ClosedFigures, CodeTally, Decision, Largest, Paired, REPORT, Report, Stated, largest,
    largest_of_each, write as write_report,
};
pub use table::{Cells, Column, Table, plain};
pub use tables::{
    AccountRow, ClearedRow, DROPPED, DecisionRow, DictionaryRow, ItemRow, JOINED, LineRow, LinkRow,
    OpenAdjustment, OpenRow, RejectRow, StatementRow, accounts, cleared_events, control, decisions,
    dictionary, discrepancies, held, lines, links, open_adjustments, open_rows, own_rows, pending,
    rejects, settled_rows, settlements, statement,
};
pub use workbook::{Entry, Heading, Sheet, write_workbook};
