//! Rows that are set aside on disk until their turn comes.
//!
//! A spill is a file without a name in the run's own staging folder: nobody else can open it, and
//! the system takes it back when the process ends, however it ends. Its pieces are Arrow IPC,
//! packed with Zstandard, whose checksum tells a piece that is not what was set aside.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;

/// How hard pieces are packed: the disk has room, the processor has other work.
const LEVEL: i32 = -4;

/// Rows that cannot be set aside, or not be taken up again. Nothing is published then.
#[derive(Debug, thiserror::Error)]
pub enum SpillError {
    /// The file cannot be made, written or read.
    #[error("cannot {what} in {folder}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// The staging folder.
        folder: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// What stands in the file is not what was set aside.
    #[error("rows that were set aside in {folder} are damaged")]
    Damaged {
        /// The staging folder.
        folder: PathBuf,
        /// What tells.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Rows that belong together are more than one frame holds.
    #[error("rows that must be judged together do not fit one frame")]
    Frame(#[from] ArrowError),
}

/// Where a piece of a spill stands.
#[derive(Debug, Clone, Copy)]
pub struct Piece {
    offset: u64,
    packed: usize,
    unpacked: usize,
    /// Its rows.
    pub rows: usize,
}

/// Rows that are packed, and not yet set aside.
#[derive(Debug)]
pub struct Packed {
    bytes: Vec<u8>,
    unpacked: usize,
    /// The rows.
    pub rows: usize,
}

/// A file of rows that are set aside.
#[derive(Debug)]
pub struct Spill {
    file: File,
    folder: PathBuf,
    end: u64,
}

impl Spill {
    /// An empty spill in a folder.
    ///
    /// # Errors
    /// [`SpillError::Io`] when no file can be made there.
    pub fn new(folder: &Path) -> Result<Spill, SpillError> {
        let file = tempfile::tempfile_in(folder).map_err(failed("set rows aside", folder))?;
        Ok(Spill { file, folder: folder.to_owned(), end: 0 })
    }

    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.end
    }

    /// Sets rows aside.
    ///
    /// # Errors
    /// [`SpillError::Io`] when they cannot be written, such as on a full disk.
    pub fn put(&mut self, batch: &RecordBatch) -> Result<Piece, SpillError> {
        let packed = self.pack(batch)?;
        self.put_packed(&packed)
    }

    /// Packs rows, which several threads may do at once.
    ///
    /// # Errors
    /// [`SpillError`] when they cannot be packed.
    pub fn pack(&self, batch: &RecordBatch) -> Result<Packed, SpillError> {
        let mut bytes = Vec::new();
        let mut writer = StreamWriter::try_new(&mut bytes, batch.schema_ref())?;
        writer.write(batch)?;
        writer.finish()?;
        let packed = pack(&bytes).map_err(failed("set rows aside", &self.folder))?;
        Ok(Packed { bytes: packed, unpacked: bytes.len(), rows: batch.num_rows() })
    }

    /// Sets packed rows aside.
    ///
    /// # Errors
    /// As of [`Spill::put`].
    pub fn put_packed(&mut self, packed: &Packed) -> Result<Piece, SpillError> {
        let offset = self.put_bytes(&packed.bytes)?;
        let Packed { ref bytes, unpacked, rows } = *packed;
        Ok(Piece { offset, packed: bytes.len(), unpacked, rows })
    }

    /// Takes rows up again.
    ///
    /// # Errors
    /// [`SpillError::Io`] when they cannot be read, [`SpillError::Damaged`] when they are not what
    /// was set aside.
    pub fn take(&self, piece: Piece) -> Result<RecordBatch, SpillError> {
        let packed = self.take_bytes(piece.offset, piece.packed)?;
        let bytes =
            zstd::bulk::decompress(&packed, piece.unpacked).map_err(|error| self.damaged(error))?;
        let mut reader =
            StreamReader::try_new(&bytes[..], None).map_err(|error| self.damaged(error))?;
        match reader.next() {
            Some(Ok(batch)) if batch.num_rows() == piece.rows => Ok(batch),
            Some(Err(error)) => Err(self.damaged(error)),
            _ => Err(self.damaged("a piece has other rows than were written")),
        }
    }

    /// Sets bytes aside, and says where.
    pub(super) fn put_bytes(&mut self, bytes: &[u8]) -> Result<u64, SpillError> {
        let offset = self.end;
        self.file.write_all_at(bytes, offset).map_err(failed("set rows aside", &self.folder))?;
        self.end += bytes.len() as u64;
        Ok(offset)
    }

    /// Takes bytes up again.
    pub(super) fn take_bytes(&self, offset: u64, bytes: usize) -> Result<Vec<u8>, SpillError> {
        let mut taken = vec![0; bytes];
        self.file
            .read_exact_at(&mut taken, offset)
            .map_err(failed("take up rows that were set aside", &self.folder))?;
        Ok(taken)
    }

    pub(super) fn damaged(
        &self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> SpillError {
        SpillError::Damaged { folder: self.folder.clone(), source: source.into() }
    }
}

fn pack(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packer = zstd::bulk::Compressor::new(LEVEL)?;
    packer.include_checksum(true)?;
    packer.compress(bytes)
}

fn failed(what: &'static str, folder: &Path) -> impl FnOnce(io::Error) -> SpillError {
    let folder = folder.to_owned();
    move |source| SpillError::Io { what, folder, source }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, StringArray};

    use super::*;

    fn rows(from: i64) -> RecordBatch {
        let points: Int64Array = (from..from + 1_000).map(|n| (n % 3 != 0).then_some(n)).collect();
        let texts: StringArray = (from..from + 1_000).map(|n| Some(format!("会员{n}"))).collect();
        RecordBatch::try_from_iter([
            ("points", Arc::new(points) as _),
            ("member", Arc::new(texts) as _),
        ])
        .unwrap()
    }

    #[test]
    fn rows_come_back_as_they_were_and_the_folder_shows_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(dir.path()).unwrap();
        let pieces: Vec<Piece> = [0, 7, 50].map(|from| spill.put(&rows(from)).unwrap()).into();
        for (from, piece) in [(50, 2), (0, 0), (7, 1)] {
            assert_eq!(spill.take(pieces[piece]).unwrap(), rows(from));
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    /// A bit that packing leaves unused may change, and then the rows are what they were.
    #[test]
    fn a_damaged_piece_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let mut spill = Spill::new(dir.path()).unwrap();
        let piece = spill.put(&rows(0)).unwrap();
        let mut told = 0;
        for at in 0..spill.bytes() {
            let mut byte = [0];
            spill.file.read_exact_at(&mut byte, at).unwrap();
            spill.file.write_all_at(&[byte[0] ^ 0x10], at).unwrap();
            match spill.take(piece) {
                Ok(taken) => assert_eq!(taken, rows(0), "byte {at}"),
                Err(error) => {
                    assert!(matches!(error, SpillError::Damaged { .. }), "byte {at}: {error}");
                    told += 1;
                }
            }
            spill.file.write_all_at(&byte, at).unwrap();
        }
        assert!(told > spill.bytes() / 10 * 9, "{told} of {}", spill.bytes());
        spill.file.set_len(spill.bytes() - 1).unwrap();
        assert!(matches!(spill.take(piece), Err(SpillError::Io { .. })));
    }
}
