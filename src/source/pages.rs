//! What the pages of Parquet unpack to, before the decoder unpacks any.
//!
//! The decoder makes room for whatever a page's header says, unpacks gzip to its end whatever the
//! header says, and writes a value out for each row that has it. So a file of a kilobyte might take
//! gigabytes: the headers are walked first, what gzip holds is counted, and dictionaries are looked
//! into for values that no column takes.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, copy, sink};

use flate2::read::MultiGzDecoder;
use parquet::basic::{Compression, Type};
use parquet::file::metadata::ColumnChunkMetaData;

/// The most bytes that a page may unpack to. Writers make pages of 1 MiB, and DuckDB up to 100 MB.
const PAGE_BYTES_MAX: u64 = 128 << 20;

/// The most bytes of a value in a dictionary, and of those of a page on average: the rows that are
/// decoded together may all have it. No column takes a value that is as long.
const VALUE_BYTES_MAX: u64 = 16 << 10;

/// Rows whose values may each be as long as a page, because each says how much of the one before it
/// begins with.
const SHARING_ROWS: usize = 128;

/// The encoding of such values.
const DELTA_BYTE_ARRAY: u64 = 7;

/// How much of a page is read for its header at first, and at most: it may hold the least and the
/// greatest value of the page.
const HEADER_BYTES: (u64, u64) = (1 << 10, 16 << 20);

/// The most structures within one another.
const DEPTH_MAX: usize = 16;

const UNREADABLE: &str = "a page of it has no header that can be read";

/// What a page's header says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Header {
    bytes: u64,
    unpacked: u64,
    packed: u64,
    /// What stands before the packed bytes as it is.
    levels: u64,
    is_plain: bool,
    /// Its values, and how they are encoded.
    values: u64,
    encoding: u64,
    is_dictionary: bool,
}

/// Walks over the pages of a chunk, and says how many rows of them to decode together at most.
///
/// # Errors
/// In words, where a page unpacks to more than a page may or says, or holds longer values than any
/// column takes.
pub(super) fn hold(input: &mut File, chunk: &ColumnChunkMetaData) -> Result<usize, String> {
    let told = |error: io::Error| error.to_string();
    let mut together = usize::MAX;
    let (mut at, length) = chunk.byte_range();
    let end = at.checked_add(length).ok_or(UNREADABLE)?;
    while at < end {
        let header = header(input, at, end).map_err(told)?.ok_or(UNREADABLE)?;
        let body = at + header.bytes;
        at = body.checked_add(header.packed).filter(|next| *next <= end).ok_or(UNREADABLE)?;
        let codec = if header.is_plain { Compression::UNCOMPRESSED } else { chunk.compression() };
        if codec != Compression::UNCOMPRESSED && header.unpacked > PAGE_BYTES_MAX {
            return Err(format!(
                "a page of it unpacks to {} bytes, more than the {PAGE_BYTES_MAX} that a page may: \
                 have it written with smaller pages",
                header.unpacked
            ));
        }
        if matches!(codec, Compression::GZIP(_)) {
            let packed = header.packed.saturating_sub(header.levels);
            let unpacked = header.unpacked.saturating_sub(header.levels);
            input.seek(SeekFrom::Start(body + header.levels)).map_err(told)?;
            let inflated = MultiGzDecoder::new(input.take(packed));
            // What is damaged is for the decoder to tell.
            let found = copy(&mut inflated.take(unpacked + 1), &mut sink()).unwrap_or_default();
            if found > unpacked {
                return Err(format!(
                    "a page of it unpacks to more than the {unpacked} bytes that it says: have it \
                     written anew"
                ));
            }
        }
        if chunk.column_type() != Type::BYTE_ARRAY {
            continue;
        }
        let longest = if header.is_dictionary {
            input.seek(SeekFrom::Start(body)).map_err(told)?;
            let mut page = Vec::new();
            input.take(header.packed).read_to_end(&mut page).map_err(told)?;
            let page = unpacked(page, codec, header.unpacked).unwrap_or_default();
            longest(&page)
        } else {
            header.unpacked / header.values.max(1)
        };
        if longest > VALUE_BYTES_MAX {
            return Err(format!(
                "it holds a value of {longest} bytes, which no column takes: have it shortened"
            ));
        }
        if header.encoding == DELTA_BYTE_ARRAY {
            together = SHARING_ROWS;
        }
    }
    Ok(together)
}

/// A page of so many bytes when it is unpacked; `None` where it is damaged, which is for the
/// decoder to tell.
fn unpacked(page: Vec<u8>, codec: Compression, bytes: u64) -> Option<Vec<u8>> {
    let bytes = usize::try_from(bytes).ok()?;
    let room = || vec![0; bytes];
    match codec {
        Compression::UNCOMPRESSED => Some(page),
        Compression::GZIP(_) => {
            let mut found = Vec::new();
            MultiGzDecoder::new(page.as_slice()).take(bytes as u64).read_to_end(&mut found).ok()?;
            Some(found)
        }
        Compression::ZSTD(_) => zstd::bulk::decompress(&page, bytes).ok(),
        Compression::SNAPPY => {
            let mut found = room();
            snap::raw::Decoder::new().decompress(&page, &mut found).ok()?;
            Some(found)
        }
        Compression::LZ4_RAW => {
            let mut found = room();
            lz4_flex::block::decompress_into(&page, &mut found).ok()?;
            Some(found)
        }
        Compression::LZ4 => framed(&page, bytes),
        Compression::BROTLI(_) | Compression::LZO => None,
    }
}

/// LZ4 in the frames of Hadoop, each of which says how many bytes it unpacks to and has, and which
/// old writers left out.
fn framed(page: &[u8], bytes: usize) -> Option<Vec<u8>> {
    let size = |four: &[u8]| {
        let four = u32::from_be_bytes(four.try_into().ok()?);
        usize::try_from(four).ok()
    };
    let frames = || {
        let mut found = Vec::new();
        let mut rest = page;
        while !rest.is_empty() {
            let (head, behind) = rest.split_at_checked(8)?;
            let (unpacked, packed) = (size(head.get(..4)?)?, size(head.get(4..)?)?);
            let (packed, behind) = behind.split_at_checked(packed)?;
            if found.len().checked_add(unpacked)? > bytes {
                return None;
            }
            found.extend(lz4_flex::block::decompress(packed, unpacked).ok()?);
            rest = behind;
        }
        Some(found)
    };
    frames().or_else(|| unpacked(page.to_vec(), Compression::LZ4_RAW, bytes as u64))
}

/// The bytes of the longest value of a dictionary, each of which stands behind its length.
fn longest(page: &[u8]) -> u64 {
    let mut longest = 0;
    let mut rest = page;
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length);
        longest = longest.max(u64::from(length));
        let behind = usize::try_from(length).ok().and_then(|length| behind.get(length..));
        rest = behind.unwrap_or_default();
    }
    longest
}

/// The header of the page that begins at that byte; `None` where there is none.
fn header(input: &mut File, at: u64, end: u64) -> io::Result<Option<Header>> {
    let (mut most, limit) = HEADER_BYTES;
    loop {
        let mut bytes = Vec::new();
        input.seek(SeekFrom::Start(at))?;
        input.take(most.min(end - at)).read_to_end(&mut bytes)?;
        let header = read(&bytes);
        if header.is_some() || bytes.len() as u64 >= end - at || most >= limit {
            return Ok(header);
        }
        most *= 8;
    }
}

/// Reads a header in Thrift's compact protocol
/// (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>); `None`
/// where the bytes end within it, or are none.
fn read(bytes: &[u8]) -> Option<Header> {
    let mut rest = bytes;
    let mut header = Header::default();
    structure(&mut rest, 0, &mut |path, value| {
        let size = || u64::try_from(value).ok();
        match path {
            [2] => header.unpacked = size()?,
            [3] => header.packed = size()?,
            // Of the second version of data pages: definition and repetition levels, which are
            // never packed, and whether the rest is.
            [8, 5 | 6] => header.levels = header.levels.checked_add(size()?)?,
            [8, 7] => header.is_plain = value == 0,
            [5 | 7 | 8, 1] => {
                header.values = size()?;
                header.is_dictionary = path.starts_with(&[7]);
            }
            [5, 2] | [8, 4] => header.encoding = size()?,
            _ => {}
        }
        Some(())
    })?;
    header.bytes = (bytes.len() - rest.len()) as u64;
    Some(header)
}

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCTURE: u8 = 12;

/// Takes a structure off the bytes, and hands over its numbers and those of structures within it,
/// each with the numbers of its fields from the outside in.
fn structure(
    rest: &mut &[u8],
    depth: usize,
    take: &mut dyn FnMut(&[i64], i64) -> Option<()>,
) -> Option<()> {
    let mut field = 0i64;
    loop {
        let head = byte(rest)?;
        if head == 0 {
            return Some(());
        }
        field = match head >> 4 {
            0 => number(rest)?,
            more => field.checked_add(i64::from(more))?,
        };
        match head & 15 {
            TRUE => take(&[field], 1)?,
            FALSE => take(&[field], 0)?,
            STRUCTURE if depth < DEPTH_MAX => {
                structure(rest, depth + 1, &mut |path, value| match path {
                    [inner] => take(&[field, *inner], value),
                    // Nothing deeper is asked for.
                    _ => Some(()),
                })?;
            }
            kind @ 4..=6 => take(&[field], value(rest, kind, depth)?)?,
            kind => value(rest, kind, depth).map(drop)?,
        }
    }
}

/// Takes a value off the bytes; the number, where it is one.
fn value(rest: &mut &[u8], kind: u8, depth: usize) -> Option<i64> {
    match kind {
        TRUE | FALSE | BYTE => byte(rest).map(i64::from),
        4..=6 => number(rest),
        DOUBLE => skip(rest, 8),
        BINARY => {
            let length = varint(rest)?;
            skip(rest, usize::try_from(length).ok()?)
        }
        LIST | SET if depth < DEPTH_MAX => {
            let head = byte(rest)?;
            let count = match head >> 4 {
                15 => varint(rest)?,
                count => u64::from(count),
            };
            for _ in 0..count {
                value(rest, head & 15, depth + 1)?;
            }
            Some(0)
        }
        STRUCTURE if depth < DEPTH_MAX => {
            structure(rest, depth + 1, &mut |_, _| Some(()))?;
            Some(0)
        }
        // No header holds a map.
        _ => None,
    }
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (&first, behind) = rest.split_first()?;
    *rest = behind;
    Some(first)
}

fn skip(rest: &mut &[u8], length: usize) -> Option<i64> {
    *rest = rest.get(length..)?;
    Some(0)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for place in 0..10 {
        let byte = byte(rest)?;
        value |= u64::from(byte & 0x7f).checked_shl(7 * place)?;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// A signed number, whose sign is its last bit.
fn number(rest: &mut &[u8]) -> Option<i64> {
    let value = varint(rest)?;
    let magnitude = i64::try_from(value >> 1).ok()?;
    Some(if value & 1 == 0 { magnitude } else { -magnitude - 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_far_as_it_matters() {
        // Field, kind and value: type 0 at 1, 300 bytes at 2, 20 at 3, and a structure at 5 with 7
        // values and a text at 2.
        let first = [0x15, 0, 0x15, 0xd8, 4, 0x15, 40, 0x2c, 0x15, 14, 0x18, 2, b'a', b'b', 0, 0];
        let found = Header { bytes: 16, unpacked: 300, packed: 20, values: 7, ..Header::default() };
        assert_eq!(read(&[&first[..], b"page"].concat()), Some(found));
        // A structure at 8 with 3 and 4 bytes of levels at 5 and 6, not packed at 7.
        let second = [0x25, 0xd8, 4, 0x15, 40, 0x5c, 0x55, 6, 0x15, 8, 0x12, 0, 0];
        let plain = Header { levels: 7, is_plain: true, ..Header::default() };
        let found = Header { bytes: 13, unpacked: 300, packed: 20, ..plain };
        assert_eq!(read(&second), Some(found));
        // A checksum at 4 is a number of 32 bits, which may lie below zero.
        let checked = [0x15, 0, 0x15, 0xd8, 4, 0x15, 40, 0x15, 9, 0x1c, 0x15, 14, 0, 0];
        let found = Header { bytes: 14, unpacked: 300, packed: 20, values: 7, ..Header::default() };
        assert_eq!(read(&checked), Some(found));
        for cut in 0..first.len() {
            assert_eq!(read(&first[..cut]), None, "{cut}");
        }
        // Sizes below zero, structures without an end, and numbers of too many bytes.
        for bytes in [&[0x25, 1, 0][..], &[0x1c; 400][..], &[0x25; 400][..], &[0xff; 400][..]] {
            assert_eq!(read(bytes), None);
        }
    }
}
