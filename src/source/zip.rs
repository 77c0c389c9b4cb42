//! The entries of a zip archive, read strictly: every byte of the archive belongs to exactly one
//! entry that its directory names, or the archive is refused.
//!
//! The reader is our own because a general one is lenient where it matters: of two entries with
//! one name it keeps one, and it passes over what stands between entries.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom, Take};

use flate2::Crc;
use flate2::read::DeflateDecoder;

use super::text::Text;
use crate::feed::{Encoding, WITHIN_A_NAME, Zip};

/// The longest directory: hundreds of thousands of entries.
const DIRECTORY_BYTES_MAX: u64 = 16 << 20;

const END_BYTES: usize = 22;
const COMMENT_BYTES_MAX: u64 = 65_535;

/// An entry that is to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    /// Where its packed bytes begin.
    from: u64,
    packed: u64,
    size: u64,
    crc: u32,
    is_deflated: bool,
}

/// What an archive holds.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The entries to be read, in the order of their names.
    pub(super) entries: Vec<Entry>,
    /// The names of entries that no pattern knows, in order.
    pub(super) unknown: Vec<String>,
}

/// An entry as the directory has it.
struct Listed<'b> {
    flags: u16,
    method: u16,
    crc: u32,
    packed: u64,
    size: u64,
    header: u64,
    name: &'b [u8],
    is_link: bool,
}

const ENCRYPTED: u16 = 1;
const DESCRIBED_BEHIND: u16 = 1 << 3;
const UTF8_NAME: u16 = 1 << 11;

/// The entries of an archive.
///
/// # Errors
/// When the archive is damaged, holds what no directory entry accounts for, or an entry that is
/// encrypted, is packed in an unknown way, is a link, leads out or stands there twice.
pub(super) fn list(input: &mut File, length: u64, zip: &Zip) -> io::Result<Listing> {
    let begins = at(input, 0, usize::try_from(length.min(2)).map_err(io::Error::other)?)?;
    if length >= 2 && begins != b"PK" {
        return Err(refused("it does not begin as an archive does; see `unpack`"));
    }
    let (count, directory_at, directory_end) = end(input, length)?;
    let bytes = directory_end.checked_sub(directory_at).ok_or_else(misplaced)?;
    if bytes > DIRECTORY_BYTES_MAX {
        return Err(refused("its directory is larger than 16 MiB"));
    }
    let directory = at(input, directory_at, usize::try_from(bytes).map_err(io::Error::other)?)?;
    let mut rest = directory.as_slice();
    let mut listed = Vec::new();
    while !rest.is_empty() {
        listed.push(listed_entry(&mut rest)?);
    }
    if listed.len() as u64 != count {
        return Err(refused("its directory holds another number of entries than it says"));
    }
    listed.sort_by_key(|entry| entry.header);
    let mut listing = Listing::default();
    let mut names = BTreeSet::new();
    for (index, entry) in listed.iter().enumerate() {
        let next = listed.get(index + 1).map_or(directory_at, |next| next.header);
        if index == 0 && entry.header != 0 {
            return Err(misplaced());
        }
        let from = contents(input, entry, next)?;
        let name = name(entry, zip.names)?;
        if !names.insert(name.clone()) {
            return Err(refused(&format!("two of its entries have the name `{name}`")));
        }
        if name.ends_with('/') && entry.size == 0 {
            continue;
        }
        let is_one_of = |patterns: &[String]| {
            let fits = |pattern: &String| {
                glob::Pattern::new(pattern).is_ok_and(|p| p.matches_with(&name, WITHIN_A_NAME))
            };
            patterns.iter().any(fits)
        };
        if is_one_of(&zip.ignore) {
            continue;
        }
        if !is_one_of(&zip.entries) {
            listing.unknown.push(name);
            continue;
        }
        let why = if entry.flags & ENCRYPTED != 0 {
            "is encrypted; agree on archives without a password"
        } else if entry.is_link {
            "is a symbolic link; have the file itself packed"
        } else if !matches!(entry.method, 0 | 8) {
            "is packed in another way than deflate; have it packed with that"
        } else {
            let (packed, size, crc) = (entry.packed, entry.size, entry.crc);
            let is_deflated = entry.method == 8;
            listing.entries.push(Entry { name, from, packed, size, crc, is_deflated });
            continue;
        };
        return Err(refused(&format!("its entry `{name}` {why}")));
    }
    if listed.is_empty() && directory_at != 0 {
        return Err(misplaced());
    }
    listing.entries.sort_by(|one, other| one.name.cmp(&other.name));
    listing.unknown.sort();
    Ok(listing)
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_owned())
}

fn misplaced() -> io::Error {
    refused("it holds bytes that belong to none of its entries")
}

fn cut_short() -> io::Error {
    refused("it is cut short")
}

/// The number of entries, and where the directory begins and ends.
fn end(input: &mut File, length: u64) -> io::Result<(u64, u64, u64)> {
    let window = length.min(COMMENT_BYTES_MAX + END_BYTES as u64);
    let window_at = length - window;
    let bytes = at(input, window_at, usize::try_from(window).map_err(io::Error::other)?)?;
    let ends: Vec<usize> = (0..bytes.len().saturating_sub(END_BYTES - 1))
        .filter(|&from| bytes.get(from..).is_some_and(|rest| rest.starts_with(b"PK\x05\x06")))
        .collect();
    // The comment is whatever stands behind the record, and must be as long as it says.
    let Some(&from) = ends.iter().find(|&&from| {
        let comment = usize::from(u16_at(&bytes, from + 20));
        from + END_BYTES + comment == bytes.len()
    }) else {
        return Err(if ends.is_empty() { cut_short() } else { misplaced() });
    };
    let mut ends_at = window_at + from as u64;
    let mut count = u64::from(u16_at(&bytes, from + 10));
    let mut size = u64::from(u32_at(&bytes, from + 12));
    let mut directory_at = u64::from(u32_at(&bytes, from + 16));
    if count == 0xffff || size == 0xffff_ffff || directory_at == 0xffff_ffff {
        let locator_at = ends_at.checked_sub(20).ok_or_else(cut_short)?;
        let locator = at(input, locator_at, 20)?;
        if !locator.starts_with(b"PK\x06\x07") {
            return Err(cut_short());
        }
        ends_at = u64_at(&locator, 8);
        if ends_at.checked_add(56) != Some(locator_at) {
            return Err(misplaced());
        }
        let large = at(input, ends_at, 56)?;
        if !large.starts_with(b"PK\x06\x06") {
            return Err(cut_short());
        }
        (count, size) = (u64_at(&large, 32), u64_at(&large, 40));
        directory_at = u64_at(&large, 48);
    }
    if directory_at.checked_add(size) != Some(ends_at) {
        return Err(misplaced());
    }
    Ok((count, directory_at, ends_at))
}

fn listed_entry<'b>(rest: &mut &'b [u8]) -> io::Result<Listed<'b>> {
    const BYTES: usize = 46;
    let bytes = *rest;
    if bytes.len() < BYTES || !bytes.starts_with(b"PK\x01\x02") {
        return Err(cut_short());
    }
    let [name, extra, comment] = [28, 30, 32].map(|place| usize::from(u16_at(bytes, place)));
    let extra_at = BYTES + name;
    let entry_end = extra_at + extra + comment;
    let (Some(name), Some(mut extras), Some(following)) =
        (bytes.get(BYTES..extra_at), bytes.get(extra_at..extra_at + extra), bytes.get(entry_end..))
    else {
        return Err(cut_short());
    };
    *rest = following;
    let mut size = u64::from(u32_at(bytes, 24));
    let mut packed = u64::from(u32_at(bytes, 20));
    let mut header = u64::from(u32_at(bytes, 42));
    while let [_, _, _, _, ..] = extras {
        let (tag, length) = (u16_at(extras, 0), usize::from(u16_at(extras, 2)));
        let mut field = extras.get(4..4 + length).ok_or_else(cut_short)?;
        if tag == 1 {
            for figure in [&mut size, &mut packed, &mut header] {
                if *figure == 0xffff_ffff {
                    *figure = field.get(..8).map(|large| u64_at(large, 0)).ok_or_else(cut_short)?;
                    field = field.get(8..).unwrap_or_default();
                }
            }
        }
        extras = extras.get(4 + length..).unwrap_or_default();
    }
    let is_unix = u16_at(bytes, 4) >> 8 == 3;
    let is_link = is_unix && u32_at(bytes, 38) >> 28 == 0xa;
    let (flags, method, crc) = (u16_at(bytes, 8), u16_at(bytes, 10), u32_at(bytes, 16));
    Ok(Listed { flags, method, crc, packed, size, header, name, is_link })
}

/// Where the packed bytes of an entry begin. They must end where the next entry begins.
fn contents(input: &mut File, entry: &Listed<'_>, next: u64) -> io::Result<u64> {
    const BYTES: u64 = 30;
    let header = at(input, entry.header, BYTES as usize)?;
    if !header.starts_with(b"PK\x03\x04") {
        return Err(cut_short());
    }
    let (name, extra) = (usize::from(u16_at(&header, 26)), u64::from(u16_at(&header, 28)));
    let same_name = at(input, entry.header + BYTES, name)? == entry.name;
    let same_way = u16_at(&header, 6) & ENCRYPTED == entry.flags & ENCRYPTED
        && u16_at(&header, 8) == entry.method;
    if !same_name || !same_way {
        return Err(refused("an entry is not what the directory says"));
    }
    let from = entry.header + BYTES + name as u64 + extra;
    let ends = from.checked_add(entry.packed).ok_or_else(misplaced)?;
    let gap = next.checked_sub(ends).ok_or_else(misplaced)?;
    let described = entry.flags & DESCRIBED_BEHIND != 0;
    if gap == 0 || (described && matches!(gap, 12 | 16 | 20 | 24)) {
        return Ok(from);
    }
    Err(misplaced())
}

fn name(entry: &Listed<'_>, names: Encoding) -> io::Result<String> {
    let encoding = if entry.flags & UTF8_NAME != 0 { Encoding::Utf8 } else { names };
    let text = Text::new(entry.name, encoding);
    if text.fault(0, text.text.len()).is_some() {
        let why = format!(
            "the name of an entry is not {}; declare `names` of the archive",
            encoding.word()
        );
        return Err(refused(&why));
    }
    let name = text.text.into_owned();
    let leads_out = name.starts_with('/')
        || name.contains(['\\', ':'])
        || name.chars().any(char::is_control)
        || name.split('/').any(|part| part == "..");
    if leads_out || name.is_empty() {
        return Err(refused("the name of an entry leads out of the archive or is no name"));
    }
    Ok(name)
}

fn at(input: &mut File, from: u64, bytes: usize) -> io::Result<Vec<u8>> {
    input.seek(SeekFrom::Start(from))?;
    let mut read = Vec::new();
    input.take(bytes as u64).read_to_end(&mut read)?;
    if read.len() == bytes { Ok(read) } else { Err(cut_short()) }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    let mut two = [0; 2];
    two.iter_mut().zip(bytes.iter().skip(at)).for_each(|(to, from)| *to = *from);
    u16::from_le_bytes(two)
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}

/// The bytes of an entry; the last read fails where they are not those that were packed.
pub(super) struct Contents {
    packed: Packed,
    entry: Entry,
    crc: Crc,
    read: u64,
}

enum Packed {
    Stored(Take<File>),
    Deflated(Box<DeflateDecoder<BufReader<Take<File>>>>),
}

impl Contents {
    pub(super) fn new(mut input: File, entry: Entry) -> io::Result<Contents> {
        input.seek(SeekFrom::Start(entry.from))?;
        let input = input.take(entry.packed);
        let packed = if entry.is_deflated {
            Packed::Deflated(DeflateDecoder::new(BufReader::new(input)).into())
        } else {
            Packed::Stored(input)
        };
        Ok(Contents { packed, entry, crc: Crc::new(), read: 0 })
    }

    /// Whether nothing of it has been read.
    pub(super) fn is_at_head(&self) -> bool {
        self.read == 0
    }

    fn verify(&self) -> io::Result<()> {
        let whole = match &self.packed {
            Packed::Stored(_) => true,
            Packed::Deflated(decoder) => decoder.total_in() == self.entry.packed,
        };
        if whole && self.read == self.entry.size && self.crc.sum() == self.entry.crc {
            return Ok(());
        }
        Err(refused("its length or checksum is not what the directory says"))
    }
}

impl Read for Contents {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match &mut self.packed {
            Packed::Stored(input) => input.read(buffer)?,
            Packed::Deflated(decoder) => decoder.read(buffer)?,
        };
        if read == 0 && !buffer.is_empty() {
            self.verify()?;
        }
        self.crc.update(buffer.get(..read).unwrap_or_default());
        self.read += read as u64;
        // More than was said is a lie that need not be read to its end.
        if self.read > self.entry.size {
            self.verify()?;
        }
        Ok(read)
    }
}

#[cfg(test)]
mod tests;
