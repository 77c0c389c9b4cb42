//! How a file is spoilt: cut, flipped, spliced, doubled, and with what no file should hold.

use fastrand::Rng;

/// What a file that was spoilt again and again may grow to.
const BYTES_MAX: usize = 1 << 16;

/// What no value should hold, and some files do.
pub const TEXT: &[&[u8]] = &[
    b"\0",
    b"\r",
    b"\n\n\n",
    b"\r\n",
    b"\"",
    b"\"\"",
    b"\xef\xbb\xbf",
    b"\x84\x31\x95\x33",
    b"\xff\xfe",
    b"\x80",
    b"\xe4\xbd",
    b"\xed\xa0\x80",
    b"\x81\x30\x81\x30",
    b"\\ud800",
    b"\\u0000",
    b"9223372036854775807",
    b"9223372036854775808",
    b"-9223372036854775808",
    b"170141183460469231731687303715884105728",
    b"1e999",
    b"0.30000000000000004",
    b"2026-02-30 24:00:60",
    b"00000000000000",
    b"=cmd|' /C calc'!A0",
    b"{\"a\":",
    b"[[[[[[[[[[[[[[[[",
    b"%%",
    b"#",
    b"T",
    b"}",
    b"../../etc/passwd",
];

/// Sizes and offsets at the edge of what they are written in, and the marks of the formats.
pub const BINARY: &[&[u8]] = &[
    b"\xff\xff\xff\xff",
    b"\xff\xff\xff\x7f",
    b"\x00\x00\x00\x80",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x01\0\0\0\0\0\0\0",
    b"\x80\x80\x80\x80\x10",
    b"PAR1",
    b"ARROW1\0\0",
    b"PK\x01\x02",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"\x1f\x8b\x08\x04",
    b"\x28\xb5\x2f\xfd",
    b"\x50\x2a\x4d\x18",
    b"../",
];

/// What YAML reads as more than text.
pub const YAML: &[&[u8]] = &[
    b"&a ",
    b"*a",
    b"<<: *a\n",
    b"!!binary ",
    b"!<tag:yaml.org,2002:int> ",
    b"? ",
    b"- ",
    b": ",
    b"{",
    b"}",
    b"[[[[[[[[",
    b"|\n",
    b">-\n",
    b"\t",
    b"---\n",
    b"...\n",
    b"\xef\xbb\xbf",
    b"\0",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
    b"null",
    b"1e999",
    b".nan",
    b"0x7fffffffffffffff",
    b"99999999999999999999",
    b"2026-02-30",
    b"9999-12-31",
    b"-9999-01-01",
    b"{period}",
    b"../",
    b"%",
    b"\"\\ud800\"",
];

/// A spoilt copy; `other` is a file of which a piece may come.
pub fn spoil(content: &[u8], other: &[u8], tokens: &[&[u8]], random: &mut Rng) -> Vec<u8> {
    let mut spoilt = content.to_vec();
    for _ in 0..random.usize(1..4) {
        let length = spoilt.len();
        let at = random.usize(..=length);
        let to = random.usize(at..=length.min(at + 200));
        match random.u8(..10) {
            // Each class of lengths is as likely: near the head, anywhere, near the end.
            0 => spoilt.truncate(at.min(random.usize(..64))),
            1 => spoilt.truncate(at),
            2 => spoilt.truncate(length - random.usize(..=length.min(32))),
            3 if at < length => spoilt[at] ^= 1 << random.u8(..8),
            4 if at < length => spoilt[at] = random.u8(..),
            5 => {
                let piece = spoilt[at..to].to_vec();
                let place = random.usize(..=length);
                spoilt.splice(place..place, piece);
            }
            6 => drop(spoilt.drain(at..to)),
            7 => {
                let from = random.usize(..=other.len());
                let piece = &other[from..random.usize(from..=other.len().min(from + 200))];
                spoilt.splice(at..to, piece.iter().copied());
            }
            8 => {
                let token = *random.choice(tokens).unwrap();
                let end = length.min(at + token.len());
                spoilt.splice(at..end, token.iter().copied());
            }
            _ => {
                let token = *random.choice(tokens).unwrap();
                spoilt.splice(at..at, token.iter().copied());
            }
        }
    }
    spoilt.truncate(BYTES_MAX);
    spoilt
}
