//! Floor 2: publishing. Tables to Parquet in a staging folder, then one rename: a publication
//! appears whole or not at all.

mod folder;
mod manifest;
mod parquet;
mod readback;
mod table;
mod tables;

pub use folder::{Folder, Lock, PublishError, Published};
pub use manifest::{
    BLOCKED, FINAL, InputEntry, Manifest, OutputFile, PROVISIONAL, PastEntry, StatementEntry,
    ThresholdEntry, TotalEntry, run_digest,
};
pub use parquet::{Stamp, write};
pub use readback::{Closing, Final, closed_statements, closings};
pub use table::{Cells, Column, Table};
pub use tables::{
    AccountRow, ClearedRow, DictionaryRow, ItemRow, LineRow, LinkRow, RejectRow, StatementRow,
    accounts, cleared_events, control, dictionary, discrepancies, held, lines, links, pending,
    rejects, statement,
};
