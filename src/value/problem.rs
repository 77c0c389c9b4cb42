//! A problem: something in a file of the user's that the user can mend. Many are reported at once,
//! each with its place and its cure.

use std::fmt;

/// Where a problem stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file as the user named it.
    pub file: String,
    /// The line, one-based.
    pub line: usize,
    /// The column in characters, one-based.
    pub column: usize,
    /// The byte range in the file's text, for underlining.
    pub span: (usize, usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A problem in a file that the user can mend.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Where.
    pub place: Place,
    /// What is wrong, a lowercase sentence fragment that names the key or value.
    pub reason: String,
    /// How to mend it, an imperative sentence.
    pub cure: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}\n  help: {}", self.place, self.reason, self.cure)
    }
}
