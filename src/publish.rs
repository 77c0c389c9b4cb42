//! Floor 2: publishing. Tables to Parquet in a staging folder, then one rename: a publication
//! appears whole or not at all.

mod folder;
mod manifest;
mod parquet;
mod rows;
mod table;

pub use folder::{Folder, Lock, PublishError, Published};
pub use manifest::{InputEntry, Manifest, OutputFile, TotalEntry, run_digest};
pub use parquet::{Stamp, write};
pub use rows::{
    AccountRow, ClearedRow, DictionaryRow, ItemRow, LineRow, LinkRow, RejectRow, StatementRow,
    accounts, cleared_events, control, dictionary, discrepancies, held, lines, links, pending,
    rejects, statement,
};
pub use table::{Cells, Column, Table};
