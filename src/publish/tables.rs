//! The published tables, a file each: the row, and its columns with their meaning.

mod cells;

mod statement;
mod lines;
mod discrepancies;
mod cleared_events;
mod items;
mod open_adjustments;
mod open_rows;
mod decisions;
mod links;
mod accounts;
mod rejects;
mod settlements;
mod control;
mod dictionary;

pub use accounts::{AccountRow, accounts};
pub use cleared_events::{ClearedRow, cleared_events};
pub use control::control;
pub use decisions::{DecisionRow, decisions};
pub use dictionary::{DictionaryRow, dictionary};
pub use discrepancies::discrepancies;
pub use items::{ItemRow, held, pending};
pub use lines::{LineRow, lines};
pub use links::{LinkRow, links};
pub use open_adjustments::{OpenAdjustment, open_adjustments};
pub use open_rows::{DROPPED, JOINED, OpenRow, open_rows, own_rows, settled_rows};
pub use rejects::{RejectRow, rejects};
pub use settlements::settlements;
pub use statement::{StatementRow, statement};
