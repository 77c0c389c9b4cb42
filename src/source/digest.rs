//! Digests: what says that the bytes that were read are the bytes that were declared.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use md5::Md5;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::conform::rules;
use super::error::SourceError;
use super::sidecar::{beside as beside_of, stated};
use super::totals::Teller;
use crate::feed::{Digest as Kind, Feed, InputFile};

const CHUNK_BYTES: usize = 256 * 1024;

/// The size of a file and the BLAKE3 digest of its content, hexadecimal.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut hasher = blake3::Hasher::new();
    let bytes = each_chunk(path, |chunk| {
        hasher.update(chunk);
    })?;
    Ok((bytes, hasher.finalize().to_hex().to_string()))
}

/// Hands a file over chunk by chunk, and says how many bytes it has.
fn each_chunk(path: &Path, mut take: impl FnMut(&[u8])) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok(bytes),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        take(chunk.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

/// What is known of a file before any row is read. All digests are taken of the same bytes.
fn input(feed: &Feed, path: &Path, name: String, with_sha256: bool) -> io::Result<InputFile> {
    let packing = &feed.packing;
    let beside = packing.digest;
    let mut blake3 = blake3::Hasher::new();
    let mut sha256 = (with_sha256 || beside == Some(Kind::Sha256)).then(Sha256::new);
    let mut md5 = (beside == Some(Kind::Md5)).then(Md5::new);
    let bytes = each_chunk(path, |chunk| {
        blake3.update(chunk);
        if let Some(sha256) = &mut sha256 {
            sha256.update(chunk);
        }
        if let Some(md5) = &mut md5 {
            md5.update(chunk);
        }
    })?;
    let blake3 = blake3.finalize().to_hex().to_string();
    let sha256 = sha256.map(|sha256| hexadecimal(&sha256.finalize()));
    let computed = match beside {
        Some(Kind::Sha256) => sha256.clone(),
        Some(Kind::Md5) => md5.map(|md5| hexadecimal(&md5.finalize())),
        Some(Kind::Blake3) => Some(blake3.clone()),
        None => None,
    };
    let beside = beside_of(packing, path, &name, computed.as_deref())?;
    let sha256 = sha256.filter(|_| with_sha256);
    Ok(InputFile {
        path: name,
        bytes,
        blake3,
        sha256,
        repeats: None,
        follows: false,
        comes_again: false,
        beside,
        stated: Vec::new(),
        rows: 0,
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The files with their digests, before any row is read: absolute canonical paths under the
/// feed's root become [`InputFile`]s in the order given. A file whose content an earlier one has
/// names that one, and will not be read. The SHA-256 is taken where somebody may ask for it.
///
/// # Errors
/// When a file cannot be read or lies outside the root.
pub fn survey(
    feed: &Feed,
    paths: &[PathBuf],
    with_sha256: bool,
) -> Result<Vec<InputFile>, SourceError> {
    let rules = match feed.packing.totals {
        Some(_) => rules(feed)?,
        None => Vec::new(),
    };
    let teller = feed.packing.totals.as_ref().map(|_| Teller::new(feed.kind, &rules, 0));
    let surveyed: Vec<Result<InputFile, SourceError>> = paths
        .par_iter()
        .filter(|path| !feed.packing.is_sidecar(path))
        .map(|path| {
            let name = relative(&feed.root, path)
                .ok_or_else(|| SourceError::Outside { path: path.clone() })?;
            let io = |source| SourceError::Io { file: name.clone(), source };
            let mut file = input(feed, path, name.clone(), with_sha256).map_err(io)?;
            if let Some((totals, teller)) = feed.packing.totals.as_ref().zip(teller.as_ref()) {
                file.stated = stated(totals, teller, feed.format.encoding(), path).map_err(io)?;
            }
            Ok(file)
        })
        .collect();
    // Collected in order first, so that the error told is that of the first file, whichever
    // thread was quickest.
    let mut files: Vec<InputFile> = surveyed.into_iter().collect::<Result<_, SourceError>>()?;
    let mut firsts: BTreeMap<String, String> = BTreeMap::new();
    for file in &mut files {
        match firsts.entry(file.blake3.clone()) {
            Entry::Occupied(first) => file.repeats = Some(first.get().clone()),
            Entry::Vacant(vacant) => {
                vacant.insert(file.path.clone());
            }
        }
    }
    Ok(files)
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for part in path.strip_prefix(root).ok()?.components() {
        let Component::Normal(name) = part else { return None };
        names.push(name.to_str()?);
    }
    (!names.is_empty()).then(|| names.join("/"))
}
