//! Digests: what says that the bytes that were read are the bytes that were declared.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::error::SourceError;
use crate::feed::{Feed, InputFile};

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

/// What is known of a file before any row is read. Both digests are taken of the same bytes.
fn input(path: &Path, name: String, with_sha256: bool) -> io::Result<InputFile> {
    let (mut blake3, mut sha256) = (blake3::Hasher::new(), with_sha256.then(Sha256::new));
    let bytes = each_chunk(path, |chunk| {
        blake3.update(chunk);
        if let Some(sha256) = &mut sha256 {
            sha256.update(chunk);
        }
    })?;
    let hexadecimal = |sha256: Sha256| {
        sha256.finalize().iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    Ok(InputFile {
        path: name,
        bytes,
        blake3: blake3.finalize().to_hex().to_string(),
        sha256: sha256.map(hexadecimal),
        repeats: None,
        follows: false,
        rows: 0,
    })
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
    let surveyed: Vec<Result<InputFile, SourceError>> = paths
        .par_iter()
        .map(|path| {
            let name = relative(&feed.root, path)
                .ok_or_else(|| SourceError::Outside { path: path.clone() })?;
            input(path, name.clone(), with_sha256)
                .map_err(|source| SourceError::Io { file: name, source })
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
