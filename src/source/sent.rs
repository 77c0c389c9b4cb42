//! Files as they were sent: opened one after the other, digested as their bytes pass, and unpacked
//! into parts. A file is one part, and an archive has a part for each entry that is read.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use zstd::stream::read::Decoder as ZstdDecoder;

use super::digest::digest;
use super::error::SourceError;
use super::gunzip::Gunzip;
use super::zip::{Contents, Entry, list};
use crate::feed::{Feed, FeedFault, InputFile, Unpack};

/// How gzip, Zstandard and zip begin.
const ARCHIVES: [&[u8]; 3] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"];

/// Opens the parts of a feed's files, in order.
#[derive(Debug)]
pub(super) struct Sent<'f> {
    feed: &'f Feed,
    files: &'f [InputFile],
    /// The file that is opened next, or whose entries are.
    at: usize,
    archive: Option<Archive>,
    /// What was wrong with the archives so far.
    pub(super) faults: Vec<FeedFault>,
}

/// The archive that is being read.
#[derive(Debug)]
struct Archive {
    entries: std::vec::IntoIter<Entry>,
    unpacked: u64,
}

/// A part that is being read.
pub(super) struct Part {
    /// The file, as an index into the feed's files.
    pub(super) file: u32,
    /// As it is told: the file's path, and the entry's name behind it.
    pub(super) name: Arc<str>,
    stream: Stream,
    /// Bytes that the file has unpacked to.
    unpacked: u64,
    limit: u64,
}

enum Stream {
    Plain(Box<Hashed>),
    Gzip(Box<Gunzip<BufReader<Hashed>>>),
    Zstd(Box<ZstdDecoder<'static, BufReader<Hashed>>>),
    Entry(Box<Contents>),
}

/// A file whose bytes are digested as they pass.
struct Hashed {
    input: File,
    hasher: blake3::Hasher,
    read: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        self.read += read as u64;
        Ok(read)
    }
}

impl<'f> Sent<'f> {
    pub(super) fn new(feed: &'f Feed, files: &'f [InputFile]) -> Sent<'f> {
        Sent { feed, files, at: 0, archive: None, faults: Vec::new() }
    }

    /// The next part, or `None` behind the last file.
    pub(super) fn next(&mut self) -> Result<Option<Part>, SourceError> {
        loop {
            let Some(file) = self.files.get(self.at) else { return Ok(None) };
            if let Some(archive) = &mut self.archive {
                let Some(entry) = archive.entries.next() else {
                    self.archive = None;
                    self.at += 1;
                    self.unchanged(file)?;
                    continue;
                };
                let unpacked = archive.unpacked;
                let name = format!("{}/{}", file.path, entry.name);
                let contents = Contents::new(self.input(file)?, entry)
                    .map_err(|source| SourceError::Io { file: name.clone(), source })?;
                return Ok(Some(self.part(
                    file,
                    name,
                    Stream::Entry(Box::new(contents)),
                    unpacked,
                )));
            }
            if file.is_passed_over() {
                self.at += 1;
                continue;
            }
            let input = self.input(file)?;
            let hashed = |input| Hashed { input, hasher: blake3::Hasher::new(), read: 0 };
            let stream = match &self.feed.packing.unpack {
                Unpack::Plain => Stream::Plain(Box::new(hashed(input))),
                Unpack::Gzip => {
                    let input = BufReader::new(hashed(input));
                    Stream::Gzip(Box::new(Gunzip::new(input)))
                }
                Unpack::Zstd => {
                    let decoder = ZstdDecoder::with_buffer(BufReader::new(hashed(input)))
                        .map_err(|source| SourceError::Io { file: file.path.clone(), source })?;
                    Stream::Zstd(Box::new(decoder))
                }
                Unpack::Zip(zip) => {
                    let mut input = input;
                    let listing = list(&mut input, file.bytes, zip)
                        .map_err(|error| damaged(&file.path, "zip", error))?;
                    let told = |entry: String| FeedFault::Entry { file: file.path.clone(), entry };
                    self.faults.extend(listing.unknown.into_iter().map(told));
                    if listing.entries.is_empty() {
                        self.faults.push(FeedFault::Column {
                            file: file.path.clone(),
                            column: String::new(),
                            reason: "the archive holds no entry that `entries` names; see `unpack`, or have \
                                     it sent"
                                .to_owned(),
                        });
                    }
                    let entries = listing.entries.into_iter();
                    self.archive = Some(Archive { entries, unpacked: 0 });
                    continue;
                }
            };
            return Ok(Some(self.part(file, file.path.clone(), stream, 0)));
        }
    }

    fn part(&self, file: &InputFile, name: String, stream: Stream, unpacked: u64) -> Part {
        let limits = self.feed.packing.limits;
        let limit = limits.bytes.min(limits.ratio.saturating_mul(file.bytes));
        let file = u32::try_from(self.at).unwrap_or(u32::MAX);
        Part { file, name: name.into(), stream, unpacked, limit }
    }

    fn input(&self, file: &InputFile) -> Result<File, SourceError> {
        File::open(self.feed.root.join(&file.path))
            .map_err(|source| SourceError::Io { file: file.path.clone(), source })
    }

    /// Reads on; `true` where the part has ended and was what the survey saw.
    pub(super) fn fill(
        &mut self,
        part: &mut Part,
        bytes: &mut Vec<u8>,
        more: u64,
    ) -> Result<bool, SourceError> {
        let Some(file) = self.files.get(part.file as usize) else { return Ok(true) };
        let name = part.name.to_string();
        // At once, so that it is not moved as it grows; one byte more tells the end of a file.
        let room = match &part.stream {
            Stream::Plain(input) => more.min(file.bytes.saturating_sub(input.read)),
            _ => more,
        };
        bytes.reserve(usize::try_from(room).unwrap_or_default().saturating_add(1));
        let read = match &mut part.stream {
            Stream::Plain(input) => input
                .take(more)
                .read_to_end(bytes)
                .map_err(|source| SourceError::Io { file: name, source })?,
            Stream::Gzip(input) => {
                let read = input.take(more).read_to_end(bytes);
                read.map_err(|error| damaged(&name, "gzip", error))?
            }
            Stream::Zstd(input) => {
                let read = input.take(more).read_to_end(bytes);
                read.map_err(|error| damaged(&name, "Zstandard", error))?
            }
            Stream::Entry(input) => {
                let is_head = input.is_at_head();
                let read = input.take(more).read_to_end(bytes);
                let read = read.map_err(|error| damaged(&name, "zip", error))?;
                if is_head && ARCHIVES.iter().any(|magic| bytes.starts_with(magic)) {
                    let reason = "its entry holds an archive; send what is in it".to_owned();
                    return Err(SourceError::Corrupt { file: name, what: "zip", reason });
                }
                read
            }
        } as u64;
        part.unpacked += read;
        if part.unpacked > part.limit && !matches!(part.stream, Stream::Plain(_)) {
            let limits = self.feed.packing.limits;
            return Err(SourceError::Bomb {
                file: file.path.clone(),
                sent: file.bytes,
                unpacked: part.limit,
                bytes: limits.bytes,
                ratio: limits.ratio,
            });
        }
        if read == more {
            return Ok(false);
        }
        let hashed = match &part.stream {
            Stream::Plain(input) => input,
            Stream::Gzip(input) => match input.ended() {
                Some(file) => file.get_ref(),
                None => return Err(SourceError::Changed { file: file.path.clone() }),
            },
            Stream::Zstd(input) => input.get_ref().get_ref(),
            Stream::Entry(_) => {
                if let Some(archive) = &mut self.archive {
                    archive.unpacked = part.unpacked;
                }
                return Ok(true);
            }
        };
        let blake3 = hashed.hasher.finalize().to_hex();
        if hashed.read != file.bytes || blake3.as_str() != file.blake3 {
            return Err(SourceError::Changed { file: file.path.clone() });
        }
        self.at += 1;
        Ok(true)
    }

    /// Leaves a part before its end: nothing more of it is wanted.
    pub(super) fn leave(&mut self, part: &Part) {
        match part.stream {
            Stream::Entry(_) => {}
            _ => self.at += 1,
        }
    }

    /// An archive is read here and there, so that its digest is taken again at its end.
    fn unchanged(&self, file: &InputFile) -> Result<(), SourceError> {
        let found = digest(&self.feed.root.join(&file.path))
            .map_err(|source| SourceError::Io { file: file.path.clone(), source })?;
        if found == (file.bytes, file.blake3.clone()) {
            return Ok(());
        }
        Err(SourceError::Changed { file: file.path.clone() })
    }
}

fn damaged(file: &str, what: &'static str, error: io::Error) -> SourceError {
    let reason = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut short".to_owned(),
        _ => error.to_string(),
    };
    SourceError::Corrupt { file: file.to_owned(), what, reason }
}
