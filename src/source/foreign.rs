//! Files that were declared as text and begin as something else does. No text begins so, whatever
//! its encoding, so that nothing is guessed.

use crate::feed::Encoding;

/// How other files begin, what they are, and what to do.
const FOREIGN: [(&[u8], &str); 7] = [
    (b"\xff\xfe", UTF_16),
    (b"\xfe\xff", UTF_16),
    (b"\x1f\x8b", "the file is packed as gzip; declare `unpack: gzip`, or have it sent as text"),
    (
        b"\x28\xb5\x2f\xfd",
        "the file is packed as Zstandard; declare `unpack: zstd`, or have it sent as text",
    ),
    (
        b"PK\x03\x04",
        "the file is a zip archive or a workbook; declare `unpack: { zip: … }`, or have a workbook \
         exported as text",
    ),
    (b"PK\x05\x06", "the file is a zip archive without an entry; have what it should hold sent"),
    (b"\xd0\xcf\x11\xe0", "the file is a workbook; have it exported as text"),
];

const UTF_16: &str = "the file is UTF-16; have it saved as UTF-8";

/// Why a file's head is no text that can be looked at: two bytes a character, with a mark or told
/// by their NUL bytes.
pub(super) fn wide(head: &[u8]) -> Option<&'static str> {
    let has_mark = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let nuls = head.iter().filter(|&&byte| byte == 0).count();
    (has_mark || nuls * 10 > head.len()).then_some(UTF_16)
}

/// GB18030 reads the mark as a rare character and a half, and what follows as others than were
/// written.
const MARKED_UTF_8: &str = "the file begins with the byte order mark of UTF-8; declare `encoding: \
                            utf-8`, or have it saved as GB18030";

/// What bytes at the head of a file are that are no text in that encoding, and what to do; `None`
/// where they may be.
pub(super) fn foreign(head: &[u8], encoding: Encoding) -> Option<&'static str> {
    if encoding == Encoding::Gb18030 && head.starts_with(b"\xef\xbb\xbf") {
        return Some(MARKED_UTF_8);
    }
    FOREIGN.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, told)| *told)
}
