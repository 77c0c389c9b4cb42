//! Where raw bytes may be cut: behind whole records, and never within what may be the file's end.
//!
//! Blocks are cut before they are decoded, so that decoding is spread over all threads. What may
//! turn out to be a trailer, a summary or an epilogue is held back until the file goes on or ends.

use memchr::{memchr, memrchr};

use super::record::{Dialect, Flaw, Records};

/// The longest record.
pub(super) const RECORD_BYTES_MAX: usize = 1 << 20;

/// What ends a record.
#[derive(Debug, Clone)]
pub(super) enum Unit {
    /// A line feed.
    Line,
    /// A line feed outside quotes.
    Record(Dialect),
    /// So many bytes.
    Bytes(usize),
}

/// Cuts bytes behind whole records.
#[derive(Debug, Clone)]
pub(super) struct Cutter {
    pub(super) unit: Unit,
    /// How many records at the end of the file are not rows.
    pub(super) held: usize,
}

impl Cutter {
    /// The length of the whole records at the head of the bytes, which begin with a record; the
    /// last ones that are held, and the comments and blank lines behind them, are left.
    pub(super) fn complete(&self, bytes: &[u8]) -> usize {
        match &self.unit {
            Unit::Bytes(size) => {
                let whole = bytes.len() / (*size).max(1);
                whole.saturating_sub(self.held) * size
            }
            Unit::Line => self.lines(bytes, |_| false),
            Unit::Record(dialect) => {
                if !dialect.quoted || memchr(b'"', bytes).is_none() {
                    return self.lines(bytes, |line| dialect.is_comment(line));
                }
                self.records(bytes, dialect)
            }
        }
    }

    /// How many bytes may stand uncut before a record must be too long.
    pub(super) fn patience(&self) -> usize {
        RECORD_BYTES_MAX.saturating_mul(self.held + 1)
    }

    /// From the end, because what stands before the records that are held need not be looked at.
    fn lines(&self, bytes: &[u8], is_comment: impl Fn(&[u8]) -> bool) -> usize {
        let Some(last) = memrchr(b'\n', bytes) else { return 0 };
        let holds_comments =
            matches!(&self.unit, Unit::Record(dialect) if !dialect.comment.is_empty());
        if self.held == 0 && !holds_comments {
            return last + 1;
        }
        let mut held = 0;
        let mut end = last + 1;
        while end > 0 {
            let before = bytes.get(..end - 1).unwrap_or_default();
            let from = memrchr(b'\n', before).map_or(0, |at| at + 1);
            let line = before.get(from..).unwrap_or_default();
            if !matches!(line, [] | [b'\r']) && !is_comment(line) {
                if held == self.held {
                    return end;
                }
                held += 1;
            }
            end = from;
        }
        0
    }

    fn records(&self, bytes: &[u8], dialect: &Dialect) -> usize {
        let mut records = Records::new(bytes, dialect, 0);
        let mut spans = Vec::new();
        // The ends of the last records, the latest first.
        let mut ends = [0; 3];
        let mut end = 0;
        while let Some(record) = records.next(&mut spans) {
            let is_whole = bytes.get(record.to.wrapping_sub(1)) == Some(&b'\n');
            if !is_whole || record.flaw == Some(Flaw::Unclosed) {
                break;
            }
            end = record.to;
            if !record.is_comment {
                ends.rotate_right(1);
                if let Some(latest) = ends.first_mut() {
                    *latest = record.to;
                }
            }
        }
        if self.held == 0 && dialect.comment.is_empty() {
            return end;
        }
        ends.get(self.held).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::Encoding;
    use crate::source::text::written;

    fn dialect(delimiter: &str, wide: bool) -> Dialect {
        let encoding = if wide { Encoding::Gb18030 } else { Encoding::Utf8 };
        let delimiter = written(delimiter, encoding);
        Dialect { delimiter, quoted: true, comment: b"#".to_vec(), wide }
    }

    type Shape = Vec<(usize, usize, bool, Option<Flaw>)>;

    fn shape(bytes: &[u8], dialect: &Dialect, from: usize) -> Shape {
        let mut records = Records::new(bytes, dialect, 0);
        let (mut spans, mut shape) = (Vec::new(), Vec::new());
        while let Some(record) = records.next(&mut spans) {
            shape.push((from + record.from, spans.len(), record.is_comment, record.flaw));
        }
        shape
    }

    #[test]
    fn bytes_are_cut_where_the_splitter_ends_records() {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..20_000 {
            let wide = round % 2 == 0;
            let delimiter = *random.choice(&[",", "|", "%%"]).unwrap();
            let mut dialect = dialect(delimiter, wide);
            if random.bool() {
                dialect.comment.clear();
            }
            let alphabet: &[u8] =
                if wide { b"\"\"|,%%\n\n\r#a0\x81\xbb" } else { b"\"\"|,%%\n\n\r#a " };
            let length = random.usize(..24);
            let bytes: Vec<u8> = (0..length).map(|_| *random.choice(alphabet).unwrap()).collect();
            let held = random.usize(..3);
            let unit = Unit::Record(dialect.clone());
            let head = Cutter { unit, held }.complete(&bytes);
            let whole = shape(&bytes, &dialect, 0);
            let mut parts = shape(&bytes[..head], &dialect, 0);
            assert!(parts.iter().all(|part| part.3 != Some(Flaw::Unclosed)), "{bytes:?}");
            let rest = shape(&bytes[head..], &dialect, head);
            let real = |shape: &Shape| shape.iter().filter(|record| !record.2).count();
            assert!(head == 0 || real(&rest) >= held, "{held} of {bytes:?}");
            parts.extend(rest);
            assert_eq!(parts, whole, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn records_of_one_length_are_cut_behind_whole_ones() {
        for (held, bytes, want) in [(0, 10, 9), (0, 2, 0), (1, 9, 6), (1, 3, 0), (2, 12, 6)] {
            let cutter = Cutter { unit: Unit::Bytes(3), held };
            assert_eq!(cutter.complete(&vec![b'x'; bytes]), want);
        }
    }
}
