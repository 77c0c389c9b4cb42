//! Arrow IPC: record batches become sheets.
//!
//! A file is a stream between two magic words, with an index behind it that reading from front to
//! end does without; so both are read the same way, and a file that stops early is told from one
//! that ends. The decoder is handed no more bytes than came, and every call into it is contained.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use arrow::buffer::Buffer;
use arrow::record_batch::RecordBatch;
use arrow_ipc::reader::StreamDecoder;

use super::conform::Rule;
use super::error::SourceError;
use super::sheet::{Draft, Sheet};
use super::table::{Columns, Findings, Lanes, contained};
use crate::feed::{Feed, InputFile};

/// What both ends of a file say.
const MAGIC: &[u8] = b"ARROW1";

/// Bytes that are read at a time.
const CHUNK_BYTES: u64 = 1 << 20;

/// Rows of a batch that one thread conforms at a time.
const PIECE_ROWS: usize = 1 << 16;

const WHAT: &str = "Arrow IPC";

/// Some rows of one file.
#[derive(Debug)]
pub(super) struct Piece {
    /// The file, as an index into the feed's files.
    pub(super) file: u32,
    columns: Arc<Columns>,
    rows: RecordBatch,
    /// Rows of the file before them.
    before: u64,
    bytes: u64,
}

/// Cuts the files of a feed into pieces, in order.
pub(super) struct Pieces<'f> {
    feed: &'f Feed,
    rules: &'f [Rule],
    files: &'f [InputFile],
    at: usize,
    open: Option<Open>,
    pub(super) findings: Findings,
}

/// The file that is being read.
struct Open {
    input: File,
    hasher: blake3::Hasher,
    read: u64,
    /// Bytes of which no piece has told yet.
    untold: u64,
    decoder: StreamDecoder,
    chunk: Buffer,
    is_file: bool,
    ended: bool,
    /// The last bytes that were read.
    last: Vec<u8>,
    columns: Option<Arc<Columns>>,
    /// A batch, and how many of its rows have been given out.
    batch: Option<(RecordBatch, usize)>,
    rows: u64,
}

impl<'f> Pieces<'f> {
    pub(super) fn new(feed: &'f Feed, rules: &'f [Rule], files: &'f [InputFile]) -> Pieces<'f> {
        Pieces { feed, rules, files, at: 0, open: None, findings: Findings::default() }
    }

    /// The next piece, or `None` behind the last file.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, SourceError> {
        loop {
            let Some(file) = self.files.get(self.at) else { return Ok(None) };
            if file.is_passed_over() {
                self.at += 1;
                continue;
            }
            let mut open = match self.open.take() {
                Some(open) => open,
                None => self.start(file)?,
            };
            if let Some(columns) = open.columns.clone()
                && let Some((rows, before)) = open.rows()
            {
                let number = u32::try_from(self.at).unwrap_or(u32::MAX);
                let bytes = std::mem::take(&mut open.untold);
                self.open = Some(open);
                return Ok(Some(Piece { file: number, columns, rows, before, bytes }));
            }
            if open.advance(file)? {
                if open.columns.is_some() || self.fits(&mut open, file) {
                    self.open = Some(open);
                    continue;
                }
                // Nothing of a file whose columns do not fit is read.
            } else if open.columns.is_none() {
                return Err(corrupt(file, "it holds no schema"));
            }
            self.at += 1;
        }
    }

    fn start(&self, file: &InputFile) -> Result<Open, SourceError> {
        let io = |source| SourceError::Io { file: file.path.clone(), source };
        let input = File::open(self.feed.root.join(&file.path)).map_err(io)?;
        let mut open = Open {
            input,
            hasher: blake3::Hasher::new(),
            read: 0,
            untold: 0,
            decoder: StreamDecoder::new(),
            chunk: Buffer::from_vec(Vec::<u8>::new()),
            is_file: false,
            ended: false,
            last: Vec::new(),
            columns: None,
            batch: None,
            rows: 0,
        };
        open.fill(file)?;
        if open.chunk.starts_with(MAGIC) {
            open.is_file = true;
            // Writers fill the magic word up to eight bytes or more; no message begins with zero.
            let fill = open.chunk.iter().skip(MAGIC.len()).take_while(|&&byte| byte == 0).count();
            open.chunk.advance(MAGIC.len() + fill);
        }
        Ok(open)
    }

    /// Whether the file's columns fit, once its schema is known; until then nothing is amiss.
    fn fits(&mut self, open: &mut Open, file: &InputFile) -> bool {
        let Some(schema) = open.decoder.schema() else { return true };
        let columns = self.findings.columns(self.feed, self.rules, &file.path, &schema, |_| None);
        open.columns = columns.map(Arc::new);
        open.columns.is_some()
    }
}

impl Open {
    /// The next rows of the batch at hand, and how many stand before them.
    fn rows(&mut self) -> Option<(RecordBatch, u64)> {
        let (batch, given) = self.batch.as_mut()?;
        let length = (batch.num_rows() - *given).min(PIECE_ROWS);
        if length == 0 {
            self.batch = None;
            return None;
        }
        let rows = batch.slice(*given, length);
        *given += length;
        let before = self.rows;
        self.rows += length as u64;
        Some((rows, before))
    }

    /// Reads on; false behind the end, of which it makes sure.
    fn advance(&mut self, file: &InputFile) -> Result<bool, SourceError> {
        if self.batch.is_some() {
            return Ok(true);
        }
        if self.chunk.is_empty() && !self.fill(file)? {
            self.end(file)?;
            return Ok(false);
        }
        if self.ended {
            // Behind the end of a file's stream stands its index, and behind a stream nothing.
            if !self.is_file {
                return Err(corrupt(file, "bytes stand behind its end"));
            }
            self.chunk = Buffer::from_vec(Vec::<u8>::new());
            return Ok(true);
        }
        let (decoder, chunk) = (&mut self.decoder, &mut self.chunk);
        let decoded = contained(&file.path, WHAT, || match decoder.decode(chunk) {
            Ok(batch) => Ok(Some(batch)),
            // The decoder says so when it is handed bytes behind the end.
            Err(_) if !chunk.is_empty() && decoder.finish().is_ok() => Ok(None),
            Err(error) => Err(error.to_string()),
        })?;
        match decoded {
            None => self.ended = true,
            Some(None) => {}
            Some(Some(batch)) => {
                // Each row has a bit somewhere; more of them than there are bits is damage.
                if batch.num_rows() as u64 > file.bytes.saturating_mul(8) {
                    return Err(corrupt(file, "a batch says that it has more rows than bits"));
                }
                self.batch = Some((batch, 0));
            }
        }
        Ok(true)
    }

    /// Reads the next chunk; false where there is none.
    fn fill(&mut self, file: &InputFile) -> Result<bool, SourceError> {
        let mut bytes = Vec::new();
        (&mut self.input)
            .take(CHUNK_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|source| SourceError::Io { file: file.path.clone(), source })?;
        self.hasher.update(&bytes);
        self.read += bytes.len() as u64;
        self.untold += bytes.len() as u64;
        self.last.extend_from_slice(
            bytes.get(bytes.len().saturating_sub(MAGIC.len())..).unwrap_or_default(),
        );
        let surplus = self.last.len().saturating_sub(MAGIC.len());
        self.last.drain(..surplus);
        let has_more = !bytes.is_empty();
        self.chunk = Buffer::from_vec(bytes);
        Ok(has_more)
    }

    /// Makes sure that the file is whole, and the one that was surveyed.
    fn end(&mut self, file: &InputFile) -> Result<(), SourceError> {
        if self.read != file.bytes
            || self.hasher.finalize().to_hex().as_str() != file.blake3.as_str()
        {
            return Err(SourceError::Changed { file: file.path.clone() });
        }
        if !self.ended {
            // A decoder behind the end refuses any byte; one that waits for a message takes it.
            let decoder = &mut self.decoder;
            let ended = contained(&file.path, WHAT, || {
                let mut probe = Buffer::from_vec(vec![0u8]);
                Ok(decoder.decode(&mut probe).is_err() && decoder.finish().is_ok())
            })?;
            if !ended {
                return Err(corrupt(file, "it stops before its end"));
            }
        }
        if self.is_file && !self.last.ends_with(MAGIC) {
            return Err(corrupt(file, "it stops before its end"));
        }
        Ok(())
    }
}

fn corrupt(file: &InputFile, reason: &str) -> SourceError {
    SourceError::Corrupt { file: file.path.clone(), what: WHAT, reason: reason.to_owned() }
}

/// Conforms a piece.
pub(super) fn decode(
    piece: &Piece,
    feed: &Feed,
    rules: &[Rule],
    file: &InputFile,
    together: usize,
) -> Result<Sheet, SourceError> {
    let lanes = contained(&file.path, WHAT, || {
        let rows =
            piece.rows.project(&piece.columns.projected).map_err(|error| error.to_string())?;
        Lanes::new(&rows, &piece.columns.sources)
    })?;
    let mut draft = Draft::new(feed.kind.word(), rules, &file.path, piece.file, piece.file);
    lanes.rows(&mut draft, piece.before, together)?;
    Ok(draft.finish(piece.bytes))
}

#[cfg(test)]
mod tests;
