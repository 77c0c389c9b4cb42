//! Text: bytes become characters, strictly as the encoding is declared.
//!
//! A block is decoded whole, and what is no text in it is noted by its place, so that the records
//! that hold such a place can be refused and all others stand. A line feed is a byte of its own in
//! every encoding here and is never part of another character, so lines can be counted in bytes
//! and in characters alike; that is how a record finds its byte in a file that was transcoded.

use std::borrow::Cow;

use encoding_rs::{Decoder, DecoderResult, GB18030};
use memchr::{memchr, memmem};

use crate::feed::Encoding;

/// The byte order mark as text.
const MARK: char = '\u{feff}';

/// The same in UTF-8.
const MARK_BYTES: &[u8] = b"\xef\xbb\xbf";

/// The bytes of a byte order mark at the head of a file, or nothing.
pub(super) fn mark(bytes: &[u8], encoding: Encoding) -> usize {
    let mark: &[u8] = match encoding {
        Encoding::Utf8 => MARK_BYTES,
        Encoding::Gb18030 => b"\x84\x31\x95\x33",
    };
    if bytes.starts_with(mark) { mark.len() } else { 0 }
}

/// The text of a block.
#[derive(Debug)]
pub(super) struct Text<'b> {
    /// The characters; where bytes are none, U+FFFD stands.
    pub(super) text: Cow<'b, str>,
    raw: &'b [u8],
    /// Where in the text something stands that no record may hold, and why.
    faults: Vec<(usize, Fault)>,
}

/// What no record may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fault {
    Bytes(Encoding),
    /// The text ends within a character.
    Cut(Encoding),
    Nul,
    Mark,
}

impl Fault {
    /// The same of a field, which may end within a character though the file does not.
    pub(super) fn of_field(self) -> Fault {
        match self {
            Fault::Cut(encoding) => Fault::Bytes(encoding),
            other => other,
        }
    }

    /// What it is, where it stands as far as that is to be told, and what to do.
    pub(super) fn told(self, place: Option<&str>) -> String {
        let place = place.map(|place| format!("; {place}")).unwrap_or_default();
        match self {
            Fault::Bytes(encoding) => {
                let word = encoding.word();
                format!("not {word}{place}; declare its `encoding`, or save all of it as {word}")
            }
            Fault::Cut(encoding) => format!(
                "ends within a character of {}{place}; the file was cut short: have it sent whole",
                encoding.word()
            ),
            Fault::Nul => format!("holds a NUL byte{place}; have it taken out"),
            Fault::Mark => {
                let cure = "send files by themselves that were put together";
                format!("holds a byte order mark{place}; {cure}")
            }
        }
    }
}

impl<'b> Text<'b> {
    /// The text of bytes that begin with a character.
    pub(super) fn new(raw: &'b [u8], encoding: Encoding) -> Text<'b> {
        let mut faults = Vec::new();
        let text = match encoding {
            Encoding::Utf8 => match simdutf8::basic::from_utf8(raw) {
                Ok(text) => Cow::Borrowed(text),
                Err(_) => Cow::Owned(lossy_utf8(raw, &mut faults)),
            },
            Encoding::Gb18030 if raw.is_ascii() => {
                std::str::from_utf8(raw).map_or(Cow::Borrowed(""), Cow::Borrowed)
            }
            Encoding::Gb18030 => Cow::Owned(gb18030(raw, &mut faults)),
        };
        let found = faults.len();
        // One look at the whole block is cheaper than one at each record.
        if memchr(0, text.as_bytes()).is_some() {
            faults.extend(text.match_indices('\0').map(|(at, _)| (at, Fault::Nul)));
        }
        if memmem::find(text.as_bytes(), MARK_BYTES).is_some() {
            faults.extend(text.match_indices(MARK).map(|(at, _)| (at, Fault::Mark)));
        }
        if faults.len() > found {
            faults.sort_unstable();
        }
        Text { text, raw, faults }
    }

    /// Whether every record may stand.
    pub(super) fn is_clean(&self) -> bool {
        self.faults.is_empty()
    }

    /// Where in a record the first thing stands for which it may not stand, and what it is.
    pub(super) fn fault(&self, from: usize, to: usize) -> Option<(usize, Fault)> {
        if self.faults.is_empty() {
            return None;
        }
        let first = self.faults.partition_point(|(at, _)| *at < from);
        let (at, fault) = self.faults.get(first)?;
        (*at < to).then_some((*at, *fault))
    }

    /// Finds the bytes of records, which are asked for in order.
    pub(super) fn places(&self) -> Places<'b> {
        let same = matches!(self.text, Cow::Borrowed(_));
        Places { raw: self.raw, same, lines: 0, at: 0 }
    }
}

/// From places in the text of a block to its bytes.
#[derive(Debug)]
pub(super) struct Places<'b> {
    raw: &'b [u8],
    /// Whether text and bytes are the same.
    same: bool,
    lines: u64,
    at: usize,
}

impl Places<'_> {
    /// The byte of the record that begins at that place, behind so many line feeds.
    pub(super) fn byte(&mut self, from: usize, lines: u64) -> usize {
        if self.same {
            return from;
        }
        while self.lines < lines {
            let rest = self.raw.get(self.at..).unwrap_or_default();
            let Some(end) = memchr(b'\n', rest) else { break };
            self.at += end + 1;
            self.lines += 1;
        }
        self.at
    }
}

fn lossy_utf8(raw: &[u8], faults: &mut Vec<(usize, Fault)>) -> String {
    let mut text = String::with_capacity(raw.len() + 16);
    for chunk in raw.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            faults.push((text.len(), Fault::Bytes(Encoding::Utf8)));
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    let is_cut = std::str::from_utf8(raw.utf8_chunks().last().map_or(&[], |chunk| chunk.invalid()))
        .is_err_and(|error| error.error_len().is_none());
    if let (true, Some((_, fault))) = (is_cut, faults.last_mut()) {
        *fault = Fault::Cut(Encoding::Utf8);
    }
    text
}

fn gb18030(raw: &[u8], faults: &mut Vec<(usize, Fault)>) -> String {
    let (mut text, before) = (String::new(), faults.len());
    decode_gb18030(raw, &mut text, faults);
    let lone = if text.contains('€') { lone_0x80(raw) } else { Vec::new() };
    if lone.is_empty() {
        return text;
    }
    text.clear();
    faults.truncate(before);
    let mut from = 0;
    for at in lone {
        decode_gb18030(raw.get(from..at).unwrap_or_default(), &mut text, faults);
        faults.push((text.len(), Fault::Bytes(Encoding::Gb18030)));
        text.push(char::REPLACEMENT_CHARACTER);
        from = at + 1;
    }
    decode_gb18030(raw.get(from..).unwrap_or_default(), &mut text, faults);
    text
}

/// Where the byte 0x80 stands by itself. The standard has no such character; the decoder reads a
/// euro sign, as browsers do.
fn lone_0x80(raw: &[u8]) -> Vec<usize> {
    let (mut lone, mut at) = (Vec::new(), 0);
    while let Some([first, ..]) = raw.get(at..) {
        if *first == 0x80 {
            lone.push(at);
        }
        at += unit(raw.get(at..).unwrap_or_default());
    }
    lone
}

fn decode_gb18030(raw: &[u8], text: &mut String, faults: &mut Vec<(usize, Fault)>) {
    let mut decoder = GB18030.new_decoder_without_bom_handling();
    let mut rest = raw;
    loop {
        text.reserve(room(&decoder, rest.len()));
        let (result, read) = decoder.decode_to_string_without_replacement(rest, text, true);
        rest = rest.get(read..).unwrap_or_default();
        match result {
            DecoderResult::InputEmpty => return,
            DecoderResult::Malformed(..) => {
                let is_cut = rest.is_empty() && matches!(raw.last(), Some(0x81..=0xfe));
                let fault = if is_cut { Fault::Cut } else { Fault::Bytes };
                faults.push((text.len(), fault(Encoding::Gb18030)));
                text.push(char::REPLACEMENT_CHARACTER);
            }
            // The room was reserved, so that this does not happen; if it does, there is more.
            DecoderResult::OutputFull => text.reserve(64),
        }
    }
}

fn room(decoder: &Decoder, bytes: usize) -> usize {
    decoder.max_utf8_buffer_length_without_replacement(bytes).unwrap_or(bytes).saturating_add(4)
}

/// The bytes that a text is written with, for markers and delimiters.
pub(super) fn written(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Gb18030 => GB18030.encode(text).0.into_owned(),
    }
}

/// The bytes of the character with which GB18030 bytes begin; one where they begin with none.
pub(super) fn unit(bytes: &[u8]) -> usize {
    match bytes {
        [0x81..=0xfe, b'0'..=b'9', 0x81..=0xfe, b'0'..=b'9', ..] => 4,
        [0x81..=0xfe, 0x40..=0x7e | 0x80..=0xfe, ..] => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_by_its_place() {
        let gb = Encoding::Gb18030;
        let utf8 = Encoding::Utf8;
        type Row<'r> = (&'r [u8], Encoding, &'r str, &'r [&'r str]);
        let rows: &[Row] = &[
            (b"a,b", utf8, "a,b", &[]),
            (b"a\xffb", utf8, "a\u{fffd}b", &["1 not UTF-8"]),
            (b"a\xe4\xbd", utf8, "a\u{fffd}", &["1 ends within a character of UTF-8"]),
            (b"a\xe4\xbd\n", utf8, "a\u{fffd}\n", &["1 not UTF-8"]),
            (b"a\xe4\xbd\xff", utf8, "a\u{fffd}\u{fffd}", &["1 not UTF-8", "4 not UTF-8"]),
            (b"a\xbb", gb, "a\u{fffd}", &["1 ends within a character of GB18030"]),
            (
                b"\xed\xa0\x80",
                utf8,
                "\u{fffd}\u{fffd}\u{fffd}",
                &["0 not UTF-8", "3 not UTF-8", "6 not UTF-8"],
            ),
            (b"a\0b", utf8, "a\0b", &["1 holds a NUL byte"]),
            (b"a\0b", gb, "a\0b", &["1 holds a NUL byte"]),
            (b"\xbb\xa5\xcd\xa8", gb, "互通", &[]),
            (b"\x81\x30\x81\x30", gb, "\u{80}", &[]),
            // A lead byte takes in no quote, delimiter or line end.
            (b"\xbb\n", gb, "\u{fffd}\n", &["0 not GB18030"]),
            (b"\xbb,1", gb, "\u{fffd},1", &["0 not GB18030"]),
            (b"\x81\x30\"", gb, "\u{fffd}0\"", &["0 not GB18030"]),
            (b"\x81\x30\x81\n", gb, "\u{fffd}0\u{fffd}\n", &["0 not GB18030", "4 not GB18030"]),
            (b"\xff", gb, "\u{fffd}", &["0 not GB18030"]),
            // Browsers read a euro sign there, and the standard has none.
            (b"a\x80,\xa2\xe3\x81\x80", gb, "a\u{fffd},€亐", &["1 not GB18030"]),
            (b"\x80", gb, "\u{fffd}", &["0 not GB18030"]),
            (
                b"\xff\x80\x80",
                gb,
                "\u{fffd}\u{fffd}\u{fffd}",
                &["0 not GB18030", "3 not GB18030", "6 not GB18030"],
            ),
        ];
        for (raw, encoding, text, faults) in rows {
            let decoded = Text::new(raw, *encoding);
            assert_eq!(decoded.text, *text, "{raw:?}");
            let told = decoded.faults.iter().map(|(at, fault)| {
                let told = fault.told(None);
                let (what, cure) = told.split_once("; ").unwrap();
                assert!(!cure.is_empty());
                format!("{at} {what}")
            });
            assert_eq!(told.collect::<Vec<_>>(), *faults, "{raw:?}");
        }
    }

    #[test]
    fn lines_are_as_many_in_text_as_in_bytes_whatever_the_bytes() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..20_000 {
            let raw: Vec<u8> = (0..random.usize(..12))
                .map(|_| *random.choice(b"\x81\xbb\xa50\n\"|,\xff\x80A").unwrap())
                .collect();
            for encoding in [Encoding::Utf8, Encoding::Gb18030] {
                let text = Text::new(&raw, encoding).text;
                for byte in [b'\n', b'"', b','] {
                    let count = |bytes: &[u8]| bytes.iter().filter(|&&b| b == byte).count();
                    assert_eq!(count(&raw), count(text.as_bytes()), "{raw:?}");
                }
            }
        }
    }
}
