//! What a sender puts beside a file: a marker that it is whole, its digest, and its totals.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::text::Text;
use super::totals::Teller;
use crate::feed::{Beside, BesideTotals, DeclaredTotal, Encoding, Packing};

/// The longest file beside another of which anything is read: a digest and a name, or two figures
/// among a few words.
const SIDECAR_BYTES_MAX: u64 = 4096;

/// What is wrong with what stands beside a file whose digest is known.
///
/// # Errors
/// When what stands there cannot be read.
pub(super) fn beside(
    packing: &Packing,
    path: &Path,
    name: &str,
    computed: Option<&str>,
) -> io::Result<Option<Beside>> {
    if let Some(ending) = &packing.ready
        && !with_ending(path, ending).is_file()
    {
        return Ok(Some(Beside::NotReady { marker: format!("{name}{ending}") }));
    }
    let (Some(digest), Some(computed)) = (packing.digest, computed) else { return Ok(None) };
    let sidecar = with_ending(path, digest.ending());
    let declared = if sidecar.is_file() { declared(&sidecar, computed.len())? } else { None };
    if declared.as_deref() == Some(computed) {
        return Ok(None);
    }
    let sidecar = format!("{name}{}", digest.ending());
    Ok(Some(Beside::Digest { sidecar, declared, computed: computed.to_owned() }))
}

/// The totals in what stands beside a file; where a figure is not there, that is told of it.
///
/// # Errors
/// When what stands there cannot be read.
pub(super) fn stated(
    totals: &BesideTotals,
    teller: &Teller<'_>,
    encoding: Encoding,
    path: &Path,
) -> io::Result<Vec<DeclaredTotal>> {
    let beside = with_ending(path, &totals.ending);
    if !beside.is_file() {
        return Ok(teller.beside(&totals.figures, None));
    }
    let mut bytes = Vec::new();
    File::open(beside)?.take(SIDECAR_BYTES_MAX).read_to_end(&mut bytes)?;
    // What is no text in it is no figure either.
    let text = Text::new(&bytes, encoding);
    Ok(teller.beside(&totals.figures, Some(&text.text)))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The digest in a file: hexadecimal, alone or before a blank and a name.
fn declared(sidecar: &Path, digits: usize) -> io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(sidecar)?.take(SIDECAR_BYTES_MAX).read_to_end(&mut bytes)?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let first = text.split(u8::is_ascii_whitespace).find(|word| !word.is_empty());
    let digest = first.and_then(|word| std::str::from_utf8(word).ok()).unwrap_or_default();
    let is_digest = digest.len() == digits && digest.bytes().all(|b| b.is_ascii_hexdigit());
    Ok(is_digest.then(|| digest.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::feed::{Digest, FeedFault, FeedRows};
    use crate::frame::fields::FeedKind;
    use crate::source::tests::{ACCOUNTS, Folder};

    const TEXT: &[u8] = "会员号,余额\n1,2\n".as_bytes();

    fn read(beside: &[(&str, &[u8])], ready: bool, digest: Option<Digest>) -> FeedRows {
        let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
        folder.feed.packing.ready = ready.then(|| ".ok".to_owned());
        folder.feed.packing.digest = digest;
        folder.put("a.csv", TEXT);
        for (name, content) in beside {
            folder.put(name, content);
        }
        folder.read().unwrap()
    }

    #[test]
    fn a_file_is_read_once_its_marker_stands_beside_it() {
        let sent = read(&[("a.csv.ok", b"")], true, None);
        assert_eq!((sent.rows.num_rows(), sent.files.len()), (1, 1));
        assert_eq!(sent.faults, []);
        let unsent = read(&[], true, None);
        assert_eq!(unsent.rows.num_rows(), 0);
        assert!(!unsent.is_whole());
        let beside = Beside::NotReady { marker: "a.csv.ok".to_owned() };
        let file = "a.csv".to_owned();
        assert_eq!(unsent.faults, [FeedFault::Beside { file, beside }]);
    }

    #[test]
    fn totals_beside_a_file_are_those_that_it_should_hold() {
        use crate::feed::{Around, Delimited, Figures, Format};
        let around = |after: &str, before: &str| {
            Some(Around { after: after.to_owned(), before: before.to_owned() })
        };
        let told = |ctl: Option<&[u8]>, content: &[u8], head: bool| {
            let mut folder = Folder::csv(FeedKind::Accounts, ACCOUNTS);
            let encoding = Encoding::Gb18030;
            folder.feed.format = Format::Csv(Delimited { encoding, ..Delimited::default() });
            let figures =
                Figures { rows: around("总笔数：", ""), points: around("合计：", "分") };
            folder.feed.packing.totals = Some(BesideTotals { ending: ".ctl".to_owned(), figures });
            folder.put("a.csv", content);
            // It stands among the data, and is none.
            if let Some(ctl) = ctl {
                folder.put("a.csv.ctl", ctl);
            }
            folder.put("b.csv", content);
            let files = folder.survey();
            let read = if head {
                crate::source::head(&folder.feed, &files, 1).unwrap()
            } else {
                folder.read().unwrap()
            };
            assert_eq!(read.files.len(), 2);
            let parts = crate::control::by_part(&read);
            let told = |total: &DeclaredTotal| {
                let of = parts[total.part as usize].of(total.of);
                total.reason(of)
            };
            read.declared.iter().filter_map(told).collect::<Vec<String>>()
        };
        let gb = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
        let content = gb("会员号,余额\n1,2\n3,40\n");
        let right = gb("账户\n总笔数：2\n合计：42分\n");
        assert_eq!(told(Some(&right), &content, false), Vec::<String>::new());
        assert_eq!(told(Some(&right), &content, true), Vec::<String>::new());
        let wrong = gb("总笔数：3，合计：41分");
        let mend = "have the file or its total mended by whoever exported it";
        let expected = [
            format!("the rows of the file beside it are 3, and 2 were read; {mend}"),
            format!("the points of the file beside it are 41, and 42 were read; {mend}"),
        ];
        assert_eq!(told(Some(&wrong), &content, false), expected);
        let again = "see `totals`, or have the file sent again";
        let expected = ["rows", "points"].map(|of| {
            format!("{of} of the file beside it: no figure stands at its place; {again}")
        });
        assert_eq!(told(None, &content, false), expected);
        assert_eq!(told(Some(b"\xff2"), &content, false), expected);
    }

    #[test]
    fn a_digest_is_hexadecimal_alone_or_before_a_name() {
        let sha256 = "5a1fa3e4a3ef0f6d3a1a6b2f0c8a2e59c5b7d0dd5b8c9a2d5f7a8d6c4e3b2a10";
        let md5 = {
            use md5::Digest as _;
            let digest = md5::Md5::digest(TEXT);
            digest.iter().map(|byte| format!("{byte:02X}")).collect::<String>()
        };
        let named = format!("\u{feff} {md5} *a.csv\r\n");
        type Row<'r> = (Digest, &'r str, &'r [u8], Option<Option<&'r str>>);
        let rows: &[Row<'_>] = &[
            (Digest::Md5, "a.csv.md5", md5.as_bytes(), None),
            (Digest::Md5, "a.csv.md5", named.as_bytes(), None),
            (Digest::Md5, "a.csv.md5", b"d41d8cd9", Some(None)),
            (Digest::Md5, "a.csv.md5", b"", Some(None)),
            (Digest::Sha256, "a.csv.sha256", sha256.as_bytes(), Some(Some(sha256))),
        ];
        for (digest, name, content, wrong) in rows {
            let read = read(&[(name, content)], false, Some(*digest));
            let told = match &read.faults[..] {
                [] => None,
                [FeedFault::Beside { beside: Beside::Digest { declared, .. }, .. }] => {
                    Some(declared.as_deref())
                }
                other => panic!("{other:?}"),
            };
            assert_eq!(told, *wrong, "{name} {}", String::from_utf8_lossy(content));
        }
    }
}
