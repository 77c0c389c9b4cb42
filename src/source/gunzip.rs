//! A gzip file: members one behind the other and nothing else, so that what stands behind the last
//! of them is told with its place.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// How a member begins.
const MAGIC: u8 = 0x1f;

/// Unpacks the members of a gzip file, one behind the other.
#[derive(Debug)]
pub(super) struct Gunzip<R> {
    /// The member that is being read; none behind the last.
    member: Option<GzDecoder<Counted<R>>>,
    /// The file, once there is no further member.
    rest: Option<R>,
}

impl<R: BufRead> Gunzip<R> {
    pub(super) fn new(input: R) -> Gunzip<R> {
        Gunzip { member: Some(GzDecoder::new(Counted { input, passed: 0 })), rest: None }
    }

    /// The file, behind its last member.
    pub(super) fn ended(&self) -> Option<&R> {
        self.rest.as_ref()
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while let Some(member) = &mut self.member {
            let read = member.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            let passed = member.get_ref().passed;
            let next = member.get_mut().fill_buf()?.first().copied();
            if next.is_some_and(|first| first != MAGIC) {
                let reason = format!(
                    "behind its end, from byte {passed} on, stand bytes that are no gzip: have it \
                     sent without them"
                );
                return Err(io::Error::new(io::ErrorKind::InvalidData, reason));
            }
            let input = self.member.take().map(GzDecoder::into_inner);
            match next {
                Some(_) => self.member = input.map(GzDecoder::new),
                None => self.rest = input.map(|counted| counted.input),
            }
        }
        Ok(0)
    }
}

/// A file with how many of its bytes have passed.
#[derive(Debug)]
struct Counted<R> {
    input: R,
    passed: u64,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(buffer)?;
        self.passed += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.input.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.passed += amount as u64;
        self.input.consume(amount);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn members_follow_one_another_and_nothing_else_does() {
        let (one, two) = (packed("a\n"), packed("b\n"));
        let length = one.len();
        let behind = format!("behind its end, from byte {length} on, stand bytes that are no gzip");
        let rows: [(Vec<u8>, Result<&str, &str>); 8] = [
            (one.clone(), Ok("a\n")),
            ([&one[..], &two].concat(), Ok("a\nb\n")),
            ([packed(""), two.clone()].concat(), Ok("b\n")),
            ([&one[..], b"hello"].concat(), Err(&behind)),
            ([&one[..], &[0; 512]].concat(), Err(&behind)),
            (one[..length - 3].to_vec(), Err("unexpected end of file")),
            ([&one[..], &two[..5]].concat(), Err("unexpected end of file")),
            (b"hello, hello".to_vec(), Err("invalid gzip header")),
        ];
        for (bytes, want) in rows {
            // However few bytes the file gives at once.
            for capacity in [1, 7, 4096] {
                let mut gunzip =
                    Gunzip::new(io::BufReader::with_capacity(capacity, bytes.as_slice()));
                let mut text = String::new();
                match (gunzip.read_to_string(&mut text), want) {
                    (Ok(_), Ok(want)) => {
                        assert_eq!(text, want);
                        assert!(gunzip.ended().is_some());
                    }
                    (Err(error), Err(want)) => {
                        assert!(error.to_string().starts_with(want), "{error}");
                    }
                    (got, _) => panic!("{got:?} {want:?}"),
                }
            }
        }
    }
}
