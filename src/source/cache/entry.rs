//! An entry of the cache: what one file came to, leaf by leaf.
//!
//! ```text
//! magic, then frames: tag, length, checksum, content
//!   head  the feed and the file that it was of
//!   leaf  how many rows a sheet has, the number of its part in the file, and the sheet
//!   end   columns that were not agreed and arrived
//! ```
//!
//! The checksum is BLAKE3 keyed with what decides how the file is read, over the frame and its
//! number. So an entry that is damaged, cut short, put together from others, or another's under
//! this one's name is told, and nothing of it is used.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::key::Key;
use super::packing::{Broken, Packer, Unpacker};
use crate::feed::{Feed, InputFile};

const MAGIC: &[u8; 16] = b"hutong was read\n";

/// Tag, length and checksum.
const FRAME_HEAD_BYTES: u64 = 1 + 8 + 32;

/// Rows and part.
const LEAF_HEAD_BYTES: usize = 8 + 8;

const HEAD: u8 = 1;
const LEAF: u8 = 2;
const END: u8 = 3;

/// Which file of which feed an entry is of, so that it goes when the file does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Head {
    pub(super) feed: String,
    pub(super) path: String,
}

impl Head {
    pub(super) fn of(feed: &Feed, file: &InputFile) -> Head {
        Head { feed: Head::feed(feed), path: file.path.clone() }
    }

    /// What a feed is called.
    pub(super) fn feed(feed: &Feed) -> String {
        format!("{} {}", feed.owner.word(), feed.kind.word())
    }
}

fn checksum(key: &Key, number: u64, tag: u8, content: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_keyed(&key.0);
    hasher.update(&number.to_le_bytes());
    hasher.update(&[tag]);
    for content in content {
        hasher.update(content);
    }
    hasher.finalize().into()
}

/// An entry that is being written in the run's own staging folder.
#[derive(Debug)]
pub(super) struct Draft {
    /// Closed while other files are read: there may be more of them than may be open.
    out: Option<BufWriter<File>>,
    path: PathBuf,
    pub(super) key: Key,
    frames: u64,
    pub(super) bytes: u64,
}

impl Draft {
    /// An entry that has its head.
    pub(super) fn new(staging: &Path, key: Key, head: &Head) -> io::Result<Draft> {
        let path = staging.join(format!("{}.cache", key.name()));
        let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
        let mut out = BufWriter::new(file);
        out.write_all(MAGIC)?;
        let bytes = MAGIC.len() as u64;
        let mut draft = Draft { out: Some(out), path, key, frames: 0, bytes };
        let mut packer = Packer::new()?;
        packer.text(&head.feed);
        packer.text(&head.path);
        draft.frame(HEAD, &[&packer.finish()])?;
        Ok(draft)
    }

    /// Adds a leaf of so many rows of a part of the file.
    pub(super) fn leaf(&mut self, rows: u64, part: u32, leaf: &[u8]) -> io::Result<()> {
        self.frame(LEAF, &[&rows.to_le_bytes(), &u64::from(part).to_le_bytes(), leaf])
    }

    /// What a leaf takes.
    pub(super) fn leaf_bytes(leaf: &[u8]) -> u64 {
        FRAME_HEAD_BYTES + LEAF_HEAD_BYTES as u64 + leaf.len() as u64
    }

    /// Nothing is added until it is ended.
    pub(super) fn close(&mut self) -> io::Result<()> {
        self.out.take().map_or(Ok(()), |mut out| out.flush())
    }

    /// Ends the entry, and says where it stands.
    pub(super) fn end(&mut self, strays: &[(&str, &str)]) -> io::Result<&Path> {
        let mut packer = Packer::new()?;
        packer.number(strays.len() as u64);
        for (behind, column) in strays {
            packer.text(behind);
            packer.text(column);
        }
        self.frame(END, &[&packer.finish()])?;
        self.close()?;
        Ok(&self.path)
    }

    /// Takes it away again.
    pub(super) fn discard(self) {
        // Whatever stays goes with the staging folder.
        let _ = std::fs::remove_file(&self.path);
    }

    fn frame(&mut self, tag: u8, content: &[&[u8]]) -> io::Result<()> {
        let out = match &mut self.out {
            Some(out) => out,
            closed => {
                let file = OpenOptions::new().append(true).open(&self.path)?;
                closed.insert(BufWriter::new(file))
            }
        };
        let length: u64 = content.iter().map(|content| content.len() as u64).sum();
        out.write_all(&[tag])?;
        out.write_all(&length.to_le_bytes())?;
        out.write_all(&checksum(&self.key, self.frames, tag, content))?;
        for content in content {
            out.write_all(content)?;
        }
        self.frames += 1;
        self.bytes += FRAME_HEAD_BYTES + length;
        Ok(())
    }
}

/// A frame whose checksum has not been taken yet.
#[derive(Debug)]
pub(super) struct Frame {
    number: u64,
    tag: u8,
    checksum: [u8; 32],
    content: Vec<u8>,
}

impl Frame {
    /// Its content, once it is known to be what was kept.
    fn content(&self, key: &Key) -> Result<&[u8], Broken> {
        let found = checksum(key, self.number, self.tag, &[&self.content]);
        if found == self.checksum { Ok(&self.content) } else { Err(Broken) }
    }

    /// How many rows a leaf says that it has, before anybody makes sure.
    pub(super) fn rows(&self) -> u64 {
        self.content.first_chunk().copied().map_or(0, u64::from_le_bytes)
    }

    /// Of which part of the file a leaf says that it is, before anybody makes sure.
    pub(super) fn part(&self) -> u32 {
        let part = self.content.get(8..).and_then(<[u8]>::first_chunk).copied();
        part.map_or(0, |part| u32::try_from(u64::from_le_bytes(part)).unwrap_or(u32::MAX))
    }

    /// The sheet of a leaf.
    pub(super) fn leaf(&self, key: &Key) -> Result<&[u8], Broken> {
        self.content(key)?.get(LEAF_HEAD_BYTES..).ok_or(Broken)
    }
}

/// What comes next in an entry.
#[derive(Debug)]
pub(super) enum Next {
    /// A leaf.
    Leaf(Frame),
    /// The end, with the columns that were not agreed: in which part of the file, and which.
    End(Vec<(String, String)>),
}

/// An entry that is being read.
#[derive(Debug)]
pub(super) struct Opened {
    input: BufReader<File>,
    /// The bytes that are left of it.
    left: u64,
    key: Key,
    frames: u64,
}

impl Opened {
    /// Opens an entry, and makes sure of its head.
    pub(super) fn new(path: &Path, key: Key) -> Result<(Opened, Head), Broken> {
        let file = File::open(path).map_err(|_| Broken)?;
        let left = file.metadata().map_err(|_| Broken)?.len();
        let mut opened = Opened { input: BufReader::new(file), left, key, frames: 0 };
        if opened.take(MAGIC.len() as u64)? != MAGIC {
            return Err(Broken);
        }
        let frame = opened.frame()?;
        if frame.tag != HEAD {
            return Err(Broken);
        }
        let mut from = Unpacker::new(frame.content(&key)?)?;
        let head = Head { feed: from.text()?, path: from.text()? };
        from.finish()?;
        Ok((opened, head))
    }

    pub(super) fn next(&mut self) -> Result<Next, Broken> {
        let frame = self.frame()?;
        match frame.tag {
            LEAF => Ok(Next::Leaf(frame)),
            END if self.left == 0 => {
                let mut from = Unpacker::new(frame.content(&self.key)?)?;
                let mut strays = Vec::new();
                for _ in 0..from.count()? {
                    strays.push((from.text()?, from.text()?));
                }
                from.finish()?;
                Ok(Next::End(strays))
            }
            _ => Err(Broken),
        }
    }

    fn frame(&mut self) -> Result<Frame, Broken> {
        let head = self.take(FRAME_HEAD_BYTES)?;
        let (tag, rest) = head.split_first().ok_or(Broken)?;
        let (length, checksum) = rest.split_first_chunk::<8>().ok_or(Broken)?;
        let checksum = *checksum.first_chunk::<32>().ok_or(Broken)?;
        let content = self.take(u64::from_le_bytes(*length))?;
        let number = self.frames;
        self.frames += 1;
        Ok(Frame { number, tag: *tag, checksum, content })
    }

    /// The next bytes; no more are asked for than there are.
    fn take(&mut self, bytes: u64) -> Result<Vec<u8>, Broken> {
        self.left = self.left.checked_sub(bytes).ok_or(Broken)?;
        let mut taken = vec![0; usize::try_from(bytes).map_err(|_| Broken)?];
        self.input.read_exact(&mut taken).map_err(|_| Broken)?;
        Ok(taken)
    }
}
