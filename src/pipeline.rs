//! A pipeline: which agreement, which feeds, which period, and where the results go.
//!
//! ```text
//! text ── structure ──▶ Declaration ── check ──▶ Pipeline ── at(as-of) ──▶ Feed, Feed, …
//!           every misspelt key      every wrong value
//! ```
//!
//! A [`Pipeline`] exists only when nothing in the file was wrong. A file with problems yields all
//! of them at once, each with its place and cure.

pub mod declaration;

mod change;
mod check;
mod nearest;
mod plan;
mod structure;
mod text;

use std::path::PathBuf;

use crate::agreement::Agreement;
use crate::feed::{Feed, Owner, Year};
use crate::ruling::Rulings;
use crate::value::party::Party;
use crate::value::period::Period;
use crate::value::token::KeyName;

pub use change::Setting;
pub use check::{Trouble, read, read_otherwise};
pub use plan::{OUTPUTS, Plan, plan};
pub use structure::schema;

/// A checked pipeline.
#[derive(Debug, Clone)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// The file it was read from, as the user named it.
    pub file: PathBuf,
    /// The BLAKE3 digest of the file's bytes, hexadecimal.
    pub digest: String,
    /// The canonical folder under which every path lies.
    pub root: PathBuf,
    /// The agreement.
    pub agreement: Agreement,
    /// What the file made of the rules.
    pub rulings: Rulings,
    /// Where results go, under the root.
    pub publish_to: PathBuf,
    /// The name of the contact key, where there is one.
    pub key_name: Option<KeyName>,
    /// Names of settings that the file left to custom, with the value that applies, for `plan`.
    pub defaults: Vec<(String, String)>,
    /// The feeds, with placeholders still in their patterns.
    feeds: Vec<Feed>,
}

impl Pipeline {
    /// The feeds of one period, placeholders filled in: A's, then B's, then the shared ones.
    #[must_use]
    pub fn feeds(&self, period: &Period) -> Vec<Feed> {
        let as_of = period.as_of.to_string();
        let (cycle, zone) = (self.agreement.cycle, &self.agreement.zone);
        let label = |period: Option<Period>| period.map_or_else(String::new, |it| it.label);
        let (next, previous) =
            (label(period.next(cycle, zone)), label(period.previous(cycle, zone)));
        let fill = |pattern: &String| {
            let filled = pattern.replace("{period}", &period.label).replace("{as_of}", &as_of);
            filled.replace("{next}", &next).replace("{previous}", &previous)
        };
        let filled = |feed: &Feed| {
            let mut feed = feed.clone();
            feed.patterns = feed.patterns.iter().map(fill).collect();
            feed.following = feed.following.iter().map(fill).collect();
            feed.points_max = match feed.owner {
                Owner::Party(party) => self.agreement.points_max(party),
                Owner::Shared => {
                    self.agreement.points_max(Party::A).max(self.agreement.points_max(Party::B))
                }
            };
            for column in &mut feed.columns {
                if let Year::Nearest(middle) = &mut column.time.year {
                    *middle = period.middle();
                }
            }
            feed
        };
        self.feeds.iter().map(filled).collect()
    }
}
