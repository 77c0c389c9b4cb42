//! Delivery notes (交接单): what an owner says it sent, and which of its files each line means.

use crate::feed::Owner;
use crate::frame::books::Deliveries;

/// Which file a line of a delivery note means.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// The file of the owner's feeds with that path.
    File(String),
    /// Several files of the owner's feeds have that name.
    Several,
    /// A file of the owner's folders that is not there.
    Absent,
    /// Nothing that can lie under the root: an absolute path, or one that leads upwards.
    Outside,
    /// A file that no feed of this run reads, such as another period's.
    Other,
}

/// A delivery note with its lines understood.
#[derive(Debug, Clone)]
pub struct Note {
    /// Whose note.
    pub owner: Owner,
    /// The lines.
    pub lines: Deliveries,
    /// By line, which file it means.
    pub named: Vec<Named>,
    /// The note's own files.
    pub files: Vec<String>,
}

impl Note {
    /// The lines that mean the file with that path, in order.
    pub fn lines_of(&self, path: &str) -> impl Iterator<Item = u32> {
        let means = move |named: &Named| matches!(named, Named::File(file) if file == path);
        (0_u32..).zip(&self.named).filter(move |(_, named)| means(named)).map(|(line, _)| line)
    }

    /// The numbers that the file with that path has, each once and in order.
    #[must_use]
    pub fn sequences_of(&self, path: &str) -> Vec<i64> {
        let mut numbers: Vec<i64> =
            self.lines_of(path).filter_map(|line| self.lines.sequence(line)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// `path:line` of a line.
    #[must_use]
    pub fn place(&self, line: u32) -> String {
        let (file, line) = self.lines.origins.of(line);
        let path = self.files.get(file as usize).map_or("", String::as_str);
        format!("{path}:{line}")
    }
}
