//! Floor 4: publications read back for people who trust nothing: what a run found, what became of
//! it since another run, and whether its figures follow from its own tables.
//!
//! Nothing here is shared with `publish`: the manifest is parsed by a type of its own, the tables
//! by a reader of their own, and every sum is taken anew, so that one mistake cannot hide another.

mod before;
mod bridge;
mod charge;
mod decision;
mod due;
mod export;
mod history;
mod late;
mod left;
mod manifest;
mod minisign;
mod nets;
mod partner;
mod publication;
mod rerun;
mod sample;
mod sign;
mod story;
mod tally;
mod verify;

pub use bridge::{Bridge, Change, Step, bridge};
pub use decision::{Decision, decisions};
pub use export::export;
pub use history::{Night, history};
pub use manifest::{Figures, FileEntry, InputFile, Manifest, MatchRule, StatedTotal, Taken, Term};
pub use minisign::KeyError;
pub use nets::{Net, nets};
pub use partner::compare;
pub use publication::{Cell, Publication, ReviewError, Row};
pub use rerun::{inputs, same_bytes};
pub use sample::{Drawn, Method, Sample, sample};
pub use sign::{SignOff, make_key, sign, sign_off, sign_offs_of, signed, signed_off};
pub use story::{Story, explain, of_claims, of_ledgers, offsets};
pub use tally::{By, Filter, Found, Group, Sort, discrepancies, groups};
pub use verify::{Check, verify};
