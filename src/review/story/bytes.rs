//! Where the lines of a story begin in the files that were read: found again in the recorded
//! inputs, because most readers of a publication have none of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::Story;
use crate::review::before::finals;
use crate::review::manifest::InputFile;
use crate::review::publication::{Publication, ReviewError, digest};
use crate::value::money::grouped;

/// Beginnings of files that are packed or no text.
const PACKED: [&[u8]; 6] =
    [b"\x1f\x8b", b"PK", b"PAR1", b"ARROW1", b"\x28\xb5\x2f\xfd", b"\xff\xff\xff\xff"];

/// Tells of every line that stories name at which byte of its input it begins, where the file under
/// a pipeline's root is still the one that was read.
///
/// # Errors
/// [`ReviewError::Io`] when a file that is there cannot be read.
pub fn offsets(
    publication: &Publication,
    root: &Path,
    stories: &mut [Story],
) -> Result<(), ReviewError> {
    let mut wanted: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for (path, line) in stories.iter().flat_map(|story| &story.places).filter_map(|it| split(it)) {
        wanted.entry(path.to_owned()).or_default().insert(line);
    }
    // What a closed period read is named in its own manifest; a place within that publication is
    // no input's, and told with where it was first read.
    let past = finals(publication)?;
    let mut inputs: Vec<&InputFile> = publication.manifest.inputs.iter().collect();
    inputs.extend(past.0.iter().rev().flat_map(|closed| &closed.manifest.inputs));
    let is_within = |path: &str| {
        let mut past = publication.manifest.past.iter();
        past.any(|it| path.strip_prefix(it.place.as_str()).is_some_and(|it| it.starts_with('/')))
    };
    wanted.retain(|path, _| !is_within(path));
    let mut known = BTreeMap::new();
    for (path, lines) in wanted {
        for (line, told) in of_file(&inputs, root, &path, lines)? {
            known.insert(format!("{path}:{line}"), told);
        }
    }
    for story in stories {
        for place in story.places.clone() {
            if let Some(told) = known.get(&place) {
                story.tell("byte offset 字节偏移", format!("{place}  {told}"));
            }
        }
    }
    Ok(())
}

/// A path and its line.
fn split(place: &str) -> Option<(&str, u64)> {
    let (path, line) = place.rsplit_once(':')?;
    Some((path, line.parse().ok()?))
}

/// What is told of each line of a file.
fn of_file(
    inputs: &[&InputFile],
    root: &Path,
    path: &str,
    lines: BTreeSet<u64>,
) -> Result<BTreeMap<u64, String>, ReviewError> {
    let all = |told: &str| lines.iter().map(|line| (*line, told.to_owned())).collect();
    let Some(input) = inputs.iter().find(|input| input.path == path) else {
        return Ok(all("not among the inputs of this run 非本次输入"));
    };
    let file = root.join(path);
    match digest(&file) {
        Ok((found, _)) if found != input.blake3 => {
            return Ok(all("the file is another now 文件已变"));
        }
        Ok(_) => {}
        Err(ReviewError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            return Ok(all("the file is missing 文件缺失"));
        }
        Err(error) => return Err(error),
    }
    let failed = |source| ReviewError::Io { path: file.clone(), source };
    let mut reader = BufReader::new(File::open(&file).map_err(failed)?);
    let head = reader.fill_buf().map_err(failed)?;
    if PACKED.iter().any(|magic| head.starts_with(magic)) {
        return Ok(all("packed or binary, the number is its row's 压缩或二进制，为行序号"));
    }
    let begins = beginnings(reader, &lines).map_err(failed)?;
    let told = lines.iter().map(|line| {
        let told = match begins.get(line) {
            Some(at) => grouped(&at.to_string()),
            None => "the file has no such line 无此行".to_owned(),
        };
        (*line, told)
    });
    Ok(told.collect())
}

/// At which byte lines begin. A line feed is never part of another character, in UTF-8 as in
/// GB18030.
fn beginnings(mut reader: impl BufRead, lines: &BTreeSet<u64>) -> io::Result<BTreeMap<u64, u64>> {
    let mut begins = BTreeMap::new();
    let (mut line, mut at) = (1_u64, 0_u64);
    let Some(last) = lines.last() else { return Ok(begins) };
    loop {
        let bytes = reader.fill_buf()?;
        if bytes.is_empty() {
            return Ok(begins);
        }
        if line == 1 && at == 0 && lines.contains(&1) {
            begins.insert(1, 0);
        }
        for feed in memchr::memchr_iter(b'\n', bytes) {
            line += 1;
            if lines.contains(&line) {
                begins.insert(line, at + feed as u64 + 1);
            }
            if line >= *last {
                return Ok(begins);
            }
        }
        let count = bytes.len();
        at += count as u64;
        reader.consume(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_behind_the_feed_before_it_wherever_the_buffer_ends() {
        let bytes = "id,名\r\nA-1,\"x\ny\"\r\nA-2,z".as_bytes();
        let lines = BTreeSet::from([1, 2, 4, 9]);
        for size in [1, 2, 5, 64] {
            let reader = BufReader::with_capacity(size, bytes);
            let begins = beginnings(reader, &lines).unwrap();
            assert_eq!(begins, BTreeMap::from([(1, 0), (2, 8), (4, 19)]), "{size}");
        }
    }
}
