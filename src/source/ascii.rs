//! ASCII bytes, eight at a time: most cells are short and plain, and what is plain need not be
//! looked at character by character.

const LOW: u64 = u64::from_ne_bytes([1; 8]);
const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
const BLANKS: u64 = u64::from_ne_bytes([b' '; 8]);

/// Whether the text is nothing but visible ASCII characters and blanks.
pub(super) fn is_plain(text: &str) -> bool {
    let (eights, rest) = text.as_bytes().as_chunks::<8>();
    let mut odd = 0;
    for eight in eights {
        odd |= odd_bytes(u64::from_le_bytes(*eight));
    }
    if !rest.is_empty() {
        let mut last = [b' '; 8];
        last.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        odd |= odd_bytes(u64::from_le_bytes(last));
    }
    odd == 0
}

/// The high bits of the bytes that are below the blank, the delete or no ASCII.
fn odd_bytes(eight: u64) -> u64 {
    // A byte with its high bit set lends nothing to a neighbour, and takes nothing from one.
    let below = !((eight | HIGH) - BLANKS);
    let delete = (eight & !HIGH) + LOW;
    (eight | below | delete) & HIGH
}

/// Two ASCII bytes that are looked for together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Either(u64, u64);

impl Either {
    pub(super) fn new(one: u8, other: u8) -> Either {
        Either(u64::from_ne_bytes([one; 8]), u64::from_ne_bytes([other; 8]))
    }

    /// The high bits of the bytes that are one of the two, the first byte lowest.
    pub(super) fn hits(self, eight: [u8; 8]) -> u64 {
        let eight = u64::from_le_bytes(eight);
        let differs = |bytes: u64| ((bytes & !HIGH) + !HIGH) | bytes;
        !(differs(eight ^ self.0) & differs(eight ^ self.1)) & HIGH
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_place_is_seen() {
        for byte in 0..=0x7f_u8 {
            for length in 1..20 {
                for at in 0..length {
                    let mut bytes = vec![b'x'; length];
                    bytes[at] = byte;
                    let text = String::from_utf8(bytes).unwrap();
                    let plain = matches!(byte, b' '..=b'~');
                    assert_eq!(is_plain(&text), plain, "{text:?}");
                }
            }
        }
        assert!(is_plain(""));
        assert!(!is_plain("1234567é"));
        assert!(!is_plain("é"));
    }

    #[test]
    fn hits_are_the_two_bytes_and_no_other() {
        let mut random = fastrand::Rng::with_seed(5);
        let either = Either::new(b',', b'\n');
        for _ in 0..200_000 {
            let eight: [u8; 8] = std::array::from_fn(|_| {
                *random.choice(b",\n,\n\x0b\x8a\xac-+\x80\xff\0\x01").unwrap()
            });
            let wanted = (0..8).filter(|&at| matches!(eight[at], b',' | b'\n'));
            let wanted = wanted.fold(0_u64, |hits, at| hits | 0x80 << (8 * at));
            assert_eq!(either.hits(eight), wanted, "{eight:?}");
        }
    }
}
