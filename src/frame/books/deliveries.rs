//! The frame of a delivery note (交接单).

use super::*;

/// What was sent, file by file, as the sender says.
#[derive(Debug, Clone)]
pub struct Deliveries {
    file: StringArray,
    sha256: StringArray,
    blake3: StringArray,
    rows: Int64Array,
    points: Int64Array,
    sequence: Int64Array,
    sent_at: Int64Array,
    as_of: Int64Array,
    /// Where the lines stood.
    pub origins: Origins,
}

impl Deliveries {
    /// The deliveries of a canonical batch.
    ///
    /// # Errors
    /// [`FrameError`] when a column is absent or of another type.
    pub fn new(batch: &RecordBatch) -> Result<Deliveries, FrameError> {
        let columns = Columns { feed: FeedKind::Deliveries, batch };
        Ok(Deliveries {
            file: columns.texts("file")?,
            sha256: columns.texts("sha256")?,
            blake3: columns.texts("blake3")?,
            rows: columns.integers("rows")?,
            points: columns.integers("points")?,
            sequence: columns.integers("sequence")?,
            sent_at: columns.integers("sent_at")?,
            as_of: columns.integers("as_of")?,
            origins: columns.origins()?,
        })
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.file.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The file as the sender names it.
    #[must_use]
    pub fn file(&self, line: u32) -> &str {
        self.file.value(line as usize)
    }

    /// The SHA-256 that its content had when it was sent.
    #[must_use]
    pub fn sha256(&self, line: u32) -> Option<&str> {
        text(&self.sha256, line)
    }

    /// The BLAKE3 that its content had when it was sent.
    #[must_use]
    pub fn blake3(&self, line: u32) -> Option<&str> {
        text(&self.blake3, line)
    }

    /// How many data rows were sent.
    #[must_use]
    pub fn rows(&self, line: u32) -> Option<i64> {
        whole(&self.rows, line)
    }

    /// The sum of the points that were sent.
    #[must_use]
    pub fn points(&self, line: u32) -> Option<i64> {
        whole(&self.points, line)
    }

    /// The file's number among those of its feed.
    #[must_use]
    pub fn sequence(&self, line: u32) -> Option<i64> {
        whole(&self.sequence, line)
    }

    /// When it was sent.
    #[must_use]
    pub fn sent_at(&self, line: u32) -> Option<Instant> {
        instant(&self.sent_at, line)
    }

    /// As of when its snapshot holds.
    #[must_use]
    pub fn as_of(&self, line: u32) -> Option<Instant> {
        instant(&self.as_of, line)
    }
}

/// The number of a row, where there is one.
fn whole(column: &Int64Array, row: u32) -> Option<i64> {
    instant(column, row).map(|Instant(number)| number)
}
