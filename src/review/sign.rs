//! Keys, signatures and sign-offs beside a publication. The publication itself is never written:
//! what is said of it stands in files that begin with its folder's name.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::minisign::{KeyError, PublicKey, SecretKey};
use super::publication::{MANIFEST, Publication, ReviewError, read};
use super::verify::{self, Check};
use crate::value::money::counted;

fn unread(path: &Path) -> impl FnOnce(io::Error) -> ReviewError {
    let path = path.to_owned();
    move |source| ReviewError::Io { path, source }
}

fn unwritten(path: &Path) -> impl FnOnce(io::Error) -> ReviewError {
    let path = path.to_owned();
    move |source| match source.kind() {
        io::ErrorKind::AlreadyExists => ReviewError::Exists(path),
        _ => ReviewError::Unwritten { path, source },
    }
}

/// More than any key or signature has.
const KEY_BYTES_MAX: u64 = 4096;

/// Reads a key or a signature; what is longer is cut, and then is none.
fn read_short(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(KEY_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

/// Reads a text beside a publication.
fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Refuses a publication whose files are not what its manifest says: what is signed is read first.
fn refuse_altered(publication: &Publication) -> Result<(), ReviewError> {
    match verify::files(publication)?.faults.into_iter().next() {
        Some(what) => Err(ReviewError::Unsound { path: publication.folder.clone(), what }),
        None => Ok(()),
    }
}

fn of_key(path: &Path) -> impl FnOnce(KeyError) -> ReviewError {
    let path = path.to_owned();
    move |source| ReviewError::Key { path, source }
}

/// Writes a new file, readable by its owner only, and makes sure that it is on disk.
fn write_new(path: &Path, text: &str) -> Result<(), ReviewError> {
    let file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    let mut file = file.map_err(unwritten(path))?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(unwritten(path))
}

/// Makes a key: `<name>.key` and `<name>.pub`. Its randomness is the first 40 bytes of a file,
/// which is the system's source unless another is named.
///
/// # Errors
/// [`ReviewError`] when a file is there already, or cannot be read or written.
pub fn make_key(name: &Path, random: &Path) -> Result<(PathBuf, PathBuf, String), ReviewError> {
    let mut bytes = [0; 40];
    File::open(random).and_then(|mut file| file.read_exact(&mut bytes)).map_err(unread(random))?;
    let key = SecretKey::of(bytes);
    let with = |ending: &str| {
        let mut path = name.as_os_str().to_owned();
        path.push(ending);
        PathBuf::from(path)
    };
    let (secret, public) = (with(".key"), with(".pub"));
    write_new(&secret, &key.text())?;
    write_new(&public, &key.public().text())?;
    Ok((secret, public, key.public().id()))
}

/// A file beside a publication whose name begins with the folder's.
fn beside(publication: &Publication, ending: &str) -> Result<PathBuf, ReviewError> {
    let folder = fs::canonicalize(&publication.folder).map_err(unread(&publication.folder))?;
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(ending);
    Ok(folder.with_file_name(name))
}

fn manifest(publication: &Publication) -> Result<Vec<u8>, ReviewError> {
    let path = publication.path(MANIFEST);
    read(&path).map_err(unread(&path))
}

/// Signs a publication's manifest, which names every file with its digest. Another key's signature
/// stands beside the first. Its comment, which is signed too, says how many sign-offs stand and the
/// digest of the last, because a chain that is cut where a line ends still is a chain.
///
/// # Errors
/// [`ReviewError`] when a file is not what was published, the chain of sign-offs is not sound, the
/// key cannot be used, or it has signed already.
pub fn sign(publication: &Publication, key: &Path) -> Result<PathBuf, ReviewError> {
    let text = read_short(key).map_err(unread(key))?;
    let secret = SecretKey::read(&text).map_err(of_key(key))?;
    refuse_altered(publication)?;
    let of = &publication.manifest;
    let mut comment = format!(
        "hutong {} {} {} as of {} {}",
        of.pipeline, of.agreement, of.period, of.as_of, of.status
    );
    let said = sign_offs(publication)?;
    if let Some(fault) = chain(publication, &said)?.faults.into_iter().next() {
        return Err(ReviewError::Unsound { path: beside(publication, SIGN_OFFS)?, what: fault });
    }
    if let Some(last) = said.lines().last() {
        comment.push_str(&format!("{SIGNED_CHAIN}{} {}", said.lines().count(), digest_of(last)));
    }
    let signature = secret.sign(&manifest(publication)?, &comment);
    let path = beside(publication, &format!(".{}.minisig", secret.public().id()))?;
    write_new(&path, &signature)?;
    Ok(path)
}

/// Whether a key has signed the publication as it stands.
///
/// # Errors
/// [`ReviewError`] when the key cannot be used, or a file cannot be read.
pub fn signed(publication: &Publication, key: &Path) -> Result<Check, ReviewError> {
    let text = read_short(key).map_err(unread(key))?;
    let public = PublicKey::read(&text).map_err(of_key(key))?;
    let mut check = Check::new("signature over the manifest", "签名");
    check.compared = format!("key {}", public.id());
    let path = beside(publication, &format!(".{}.minisig", public.id()))?;
    let name = path.display();
    match read_short(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            check.fault(|| format!("{name}: the key has not signed"));
        }
        Err(source) => return Err(unread(&path)(source)),
        Ok(signature) => match public.verify(&manifest(publication)?, &signature) {
            Ok(comment) => {
                if let Some((count, head)) = chain_of(&comment) {
                    goes_on(&mut check, &sign_offs(publication)?, count, head);
                }
                check.compared = format!("key {}: {comment}", public.id());
            }
            Err(error) => check.fault(|| format!("{name}: {error}")),
        },
    }
    Ok(check)
}

/// What stands in a signature's comment before the length of the chain and the digest of its last
/// line. They end the comment, so that no name before them is taken for them.
const SIGNED_CHAIN: &str = " sign-offs ";

/// The length of the chain that a comment names, and the digest of its last line.
fn chain_of(comment: &str) -> Option<(u64, &str)> {
    let (before, head) = comment.rsplit_once(' ')?;
    let (before, count) = before.rsplit_once(' ')?;
    let is_chain = SIGNED_CHAIN.trim_end() == format!(" {}", before.rsplit(' ').next()?);
    Some((count.parse().ok()?, head)).filter(|_| is_chain)
}

/// Whether a chain still begins with the one that was signed. What came later is not compared.
fn goes_on(check: &mut Check, text: &str, count: u64, head: &str) {
    let now = text.lines().count() as u64;
    let at = usize::try_from(count).ok().and_then(|count| count.checked_sub(1));
    match at.and_then(|at| text.lines().nth(at)) {
        Some(line) if digest_of(line) == head => {}
        Some(_) => {
            check.fault(|| format!("sign-off {count} is another than when it was signed"));
        }
        None => check.fault(|| {
            format!("of {count} sign-offs that stood when it was signed {now} stand now")
        }),
    }
}

/// The sign-offs beside a publication as they stand; nothing where there are none.
fn sign_offs(publication: &Publication) -> Result<String, ReviewError> {
    let path = beside(publication, SIGN_OFFS)?;
    match read_text(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        read => read.map_err(unread(&path)),
    }
}

/// A sign-off (复核签认): who, when, what, and of what; each names the digest of the one before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOff {
    /// One-based.
    pub number: u64,
    /// Who.
    pub by: String,
    /// As what.
    pub role: String,
    /// When, as it was said; UTC.
    pub at: String,
    /// What.
    pub says: String,
    /// The BLAKE3 digest of the manifest.
    pub manifest: String,
    /// The BLAKE3 digest of the line before; empty for the first.
    pub previous: String,
}

/// Where sign-offs stand.
const SIGN_OFFS: &str = ".signoffs.jsonl";

/// Adds a sign-off to the chain beside a publication. Its number, digests and place in the chain
/// are filled in.
///
/// # Errors
/// [`ReviewError`] when a word is empty or no plain text, a file is not what was published, the
/// chain is not sound or ends later, or it cannot be written.
pub fn sign_off(publication: &Publication, said: SignOff) -> Result<PathBuf, ReviewError> {
    for (what, text) in [("by", &said.by), ("role", &said.role), ("says", &said.says)] {
        if text.trim().is_empty() || text.chars().any(|c| c.is_control() || is_unseen(c)) {
            return Err(ReviewError::Words(what));
        }
    }
    refuse_altered(publication)?;
    let path = beside(publication, SIGN_OFFS)?;
    if path.is_symlink() {
        let what = "it is a pointer, and sign-offs stand beside the publication".to_owned();
        return Err(ReviewError::Unsound { path, what });
    }
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .read(true)
        .mode(0o600)
        .open(&path)
        .map_err(unwritten(&path))?;
    // Two sign-offs at one time stand one after the other.
    file.lock().map_err(unwritten(&path))?;
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(unread(&path))?;
    let check = chain(publication, &text)?;
    if let Some(fault) = check.faults.first() {
        return Err(ReviewError::Unsound { path, what: fault.clone() });
    }
    if let Some(last) =
        last_at(&text).filter(|last| said.at.parse::<Timestamp>().is_ok_and(|at| at < *last))
    {
        return Err(ReviewError::BackDated { path, last: last.to_string() });
    }
    let record = SignOff {
        number: text.lines().count() as u64 + 1,
        manifest: blake3::hash(&manifest(publication)?).to_hex().to_string(),
        previous: text.lines().last().map_or_else(String::new, digest_of),
        ..said
    };
    let json = serde_json::to_string(&record)
        .map_err(|source| ReviewError::Damaged { path: path.clone(), source })?;
    let written = file.write_all(format!("{json}\n").as_bytes()).and_then(|()| file.sync_all());
    written.map_err(unwritten(&path))?;
    Ok(path)
}

/// When the last sign-off of a chain was said.
fn last_at(text: &str) -> Option<Timestamp> {
    serde_json::from_str::<SignOff>(text.lines().last()?).ok()?.at.parse().ok()
}

/// Marks of direction and joints that no reader sees: a name could be another than it looks.
fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{feff}')
}

/// The sign-offs beside a publication, as far as they can be read, in their order.
///
/// # Errors
/// [`ReviewError::Io`] when the file cannot be read.
pub fn sign_offs_of(publication: &Publication) -> Result<Vec<SignOff>, ReviewError> {
    let text = sign_offs(publication)?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

fn digest_of(line: &str) -> String {
    blake3::hash(line.as_bytes()).to_hex().to_string()
}

/// Whether the sign-offs beside a publication are a chain, and of this publication; `None` where
/// there are none.
///
/// # Errors
/// [`ReviewError::Io`] when they cannot be read.
pub fn signed_off(publication: &Publication) -> Result<Option<Check>, ReviewError> {
    let path = beside(publication, SIGN_OFFS)?;
    match read_text(&path) {
        Ok(text) => chain(publication, &text).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(unread(&path)(source)),
    }
}

fn chain(publication: &Publication, text: &str) -> Result<Check, ReviewError> {
    let mut check = Check::new("chain of sign-offs", "复核签认");
    let now = blake3::hash(&manifest(publication)?).to_hex().to_string();
    let (mut previous, mut last) = (String::new(), String::new());
    let mut before: Option<Timestamp> = None;
    for (number, line) in (1_u64..).zip(text.lines()) {
        match serde_json::from_str::<SignOff>(line) {
            Err(_) => check.fault(|| format!("line {number}: it is no sign-off")),
            Ok(said) => {
                if said.number != number || said.previous != previous {
                    check.fault(|| format!("line {number}: it does not follow the line before"));
                }
                match said.at.parse::<Timestamp>() {
                    Ok(at) if before.is_some_and(|before| at < before) => {
                        check
                            .fault(|| format!("line {number}: it is dated before the line before"));
                    }
                    Ok(at) => before = Some(at),
                    Err(_) => check.fault(|| format!("line {number}: its time is none")),
                }
                if said.manifest != now {
                    check.fault(|| format!("line {number}: it is of another manifest"));
                }
                last = format!(", the last by {} ({}): {}", said.by, said.role, said.says);
            }
        }
        previous = digest_of(line);
    }
    if !text.is_empty() && !text.ends_with('\n') {
        check.fault(|| "its last line is cut short".to_owned());
    }
    check.compared = format!("{}{last}", counted(text.lines().count() as u64, "sign-off"));
    Ok(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(folder: &Path) -> Publication {
        let folder = folder.join("2026-03-31");
        fs::create_dir_all(&folder).unwrap();
        let manifest = serde_json::json!({
            "engine_version": "0", "digest": "d", "pipeline": "p", "pipeline_digest": "e",
            "agreement": "HT", "period": "2026-03", "as_of": "2026-03-31", "status": "final",
            "net": null, "severities": {}, "discrepancies": {}, "inputs": [], "outputs": [],
        });
        fs::write(folder.join(MANIFEST), manifest.to_string()).unwrap();
        Publication::open(&folder).unwrap()
    }

    fn said(by: &str) -> SignOff {
        SignOff {
            number: 0,
            by: by.to_owned(),
            role: "controller".to_owned(),
            at: "2026-04-06T02:00:00Z".to_owned(),
            says: "agreed".to_owned(),
            manifest: String::new(),
            previous: String::new(),
        }
    }

    fn faults(publication: &Publication) -> Vec<String> {
        signed_off(publication).unwrap().unwrap().faults
    }

    #[test]
    fn sign_offs_are_a_chain() {
        let folder = tempfile::tempdir().unwrap();
        let publication = publication(folder.path());
        assert_eq!(signed_off(&publication).unwrap(), None);
        for by in ["Li", "Wang", "Zhao"] {
            sign_off(&publication, said(by)).unwrap();
        }
        assert_eq!(faults(&publication), [""; 0]);
        let path = beside(&publication, SIGN_OFFS).unwrap();
        let whole = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let follows = |line| format!("line {line}: it does not follow the line before");
        let rows = [
            (format!("{}\n{}\n", lines[0], lines[2]), vec![follows(2)]),
            (whole.replacen("Li", "Lu", 1), vec![follows(2)]),
            (whole.trim_end().to_owned(), vec!["its last line is cut short".to_owned()]),
            (format!("{whole}x\n"), vec!["line 4: it is no sign-off".to_owned()]),
        ];
        for (text, expected) in rows {
            fs::write(&path, text).unwrap();
            assert_eq!(faults(&publication), expected);
            assert!(sign_off(&publication, said("Sun")).is_err());
        }
    }

    /// A chain that is cut where a line ends is a chain; a signature knows how long it was.
    #[test]
    fn a_signature_tells_a_chain_that_is_shorter_than_it_was_or_another() {
        let folder = tempfile::tempdir().unwrap();
        let publication = publication(folder.path());
        let random = folder.path().join("random");
        fs::write(&random, [1; 40]).unwrap();
        let (secret, public, _) = make_key(&folder.path().join("a"), &random).unwrap();
        for by in ["Li", "Wang"] {
            sign_off(&publication, said(by)).unwrap();
        }
        sign(&publication, &secret).unwrap();
        let faults = || signed(&publication, &public).unwrap().faults;
        assert_eq!(faults(), [""; 0]);
        sign_off(&publication, said("Zhao")).unwrap();
        assert_eq!(faults(), [""; 0], "what comes after a signature is not its matter");
        let path = beside(&publication, SIGN_OFFS).unwrap();
        let lines: Vec<String> =
            fs::read_to_string(&path).unwrap().lines().map(|line| format!("{line}\n")).collect();
        let fewer = |are: u64| {
            vec![format!("of 2 sign-offs that stood when it was signed {are} stand now")]
        };
        fs::write(&path, &lines[0]).unwrap();
        assert_eq!(super::signed_off(&publication).unwrap().unwrap().faults, [""; 0]);
        assert_eq!(faults(), fewer(1));
        sign_off(&publication, said("Sun")).unwrap();
        assert_eq!(faults(), ["sign-off 2 is another than when it was signed"]);
        fs::remove_file(&path).unwrap();
        assert_eq!(faults(), fewer(0));
    }

    #[test]
    fn only_the_end_of_a_comment_is_a_chain() {
        let rows = [
            ("hutong p HT 2026-03 as of 2026-03-31 final sign-offs 2 abc", Some((2, "abc"))),
            ("hutong p sign-offs 9 abc as of 2026-03-31 final", None),
            ("hutong p sign-offs x abc", None),
            ("co-sign-offs 2 abc", None),
            ("", None),
        ];
        for (comment, chain) in rows {
            assert_eq!(chain_of(comment), chain, "{comment}");
        }
    }

    #[test]
    fn a_chain_that_is_broken_is_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let publication = publication(folder.path());
        let random = folder.path().join("random");
        fs::write(&random, [1; 40]).unwrap();
        let (secret, _, _) = make_key(&folder.path().join("a"), &random).unwrap();
        fs::write(beside(&publication, SIGN_OFFS).unwrap(), "x\n").unwrap();
        let refused = sign(&publication, &secret);
        assert!(matches!(refused, Err(ReviewError::Unsound { .. })), "{refused:?}");
    }

    #[test]
    fn a_sign_off_is_of_the_manifest_that_was_there() {
        let folder = tempfile::tempdir().unwrap();
        let publication = publication(folder.path());
        sign_off(&publication, said("Li")).unwrap();
        let path = publication.path(MANIFEST);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("final", "provisional")).unwrap();
        assert_eq!(faults(&publication), ["line 1: it is of another manifest"]);
    }

    #[test]
    fn words_that_are_none_and_altered_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let publication = publication(folder.path());
        for by in ["", " ", "Li\nWang", "Li\u{1b}[1A", "Li\u{202e}", "L\u{200b}i"] {
            let refused = sign_off(&publication, said(by));
            assert!(matches!(refused, Err(ReviewError::Words("by"))), "{by:?}: {refused:?}");
        }
        // Nobody signs off before what was signed off already.
        sign_off(&publication, said("Li")).unwrap();
        let early = SignOff { at: "2026-04-06T01:59:59Z".to_owned(), ..said("Wang") };
        let refused = sign_off(&publication, early);
        assert!(matches!(refused, Err(ReviewError::BackDated { .. })), "{refused:?}");
        let chain = beside(&publication, SIGN_OFFS).unwrap();
        let text = fs::read_to_string(&chain).unwrap();
        fs::write(&chain, text.replace("2026-04-06T02:00:00Z", "soon")).unwrap();
        assert_eq!(faults(&publication), ["line 1: its time is none"]);
        fs::remove_file(&chain).unwrap();
        fs::write(publication.path("more.txt"), "x").unwrap();
        let refused = sign_off(&publication, said("Li"));
        assert!(matches!(refused, Err(ReviewError::Unsound { .. })), "{refused:?}");
        assert_eq!(signed_off(&publication).unwrap(), None);
    }

    #[test]
    fn each_key_signs_once_and_each_signature_is_verified() {
        let folder = tempfile::tempdir().unwrap();
        let publication = publication(folder.path());
        let random = folder.path().join("random");
        let key = |name: &str, byte: u8| {
            fs::write(&random, [byte; 40]).unwrap();
            make_key(&folder.path().join(name), &random).unwrap()
        };
        let ((a_secret, a_public, _), (b_secret, b_public, _)) = (key("a", 1), key("b", 2));
        sign(&publication, &a_secret).unwrap();
        assert!(matches!(sign(&publication, &a_secret), Err(ReviewError::Exists(_))));
        assert!(signed(&publication, &a_public).unwrap().is_clean());
        assert!(!signed(&publication, &b_public).unwrap().is_clean());
        sign(&publication, &b_secret).unwrap();
        assert!(signed(&publication, &b_public).unwrap().is_clean());
        let path = publication.path(MANIFEST);
        fs::write(&path, fs::read_to_string(&path).unwrap() + " ").unwrap();
        assert!(!signed(&publication, &a_public).unwrap().is_clean());
    }
}
