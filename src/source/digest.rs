//! Digests: what says that the bytes that were read are the bytes that were declared.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use rayon::prelude::*;

use super::error::SourceError;
use crate::feed::{Feed, InputFile};

const CHUNK_BYTES: usize = 256 * 1024;

/// The size of a file and the BLAKE3 digest of its content, hexadecimal.
///
/// # Errors
/// When the file cannot be opened or read.
pub fn digest(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let read = match file.read(&mut chunk) {
            Ok(0) => return Ok((bytes, hasher.finalize().to_hex().to_string())),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(chunk.get(..read).unwrap_or_default());
        bytes += read as u64;
    }
}

/// The files with their digests, before any row is read: absolute canonical paths under the
/// feed's root become [`InputFile`]s in the order given.
///
/// # Errors
/// When a file cannot be read or lies outside the root.
pub fn survey(feed: &Feed, paths: &[PathBuf]) -> Result<Vec<InputFile>, SourceError> {
    let surveyed: Vec<Result<InputFile, SourceError>> = paths
        .par_iter()
        .map(|path| {
            let name = relative(&feed.root, path)
                .ok_or_else(|| SourceError::Outside { path: path.clone() })?;
            match digest(path) {
                Ok((bytes, blake3)) => Ok(InputFile { path: name, bytes, blake3, rows: 0 }),
                Err(source) => Err(SourceError::Io { file: name, source }),
            }
        })
        .collect();
    // Collected in order first, so that the error told is that of the first file, whichever
    // thread was quickest.
    surveyed.into_iter().collect()
}

fn relative(root: &Path, path: &Path) -> Option<String> {
    let mut names = Vec::new();
    for part in path.strip_prefix(root).ok()?.components() {
        let Component::Normal(name) = part else { return None };
        names.push(name.to_str()?);
    }
    (!names.is_empty()).then(|| names.join("/"))
}
