//! A first pipeline for two files that nobody has declared yet.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::inspect;
use crate::source::SourceError;

/// Puts both files and a pipeline that names them into a folder. Each thing that no file can say is
/// left blank under a comment, and checking the pipeline names its place.
///
/// # Errors
/// When a file cannot be read, and when the folder holds a pipeline already.
pub fn first(folder: &Path, a: &Path, b: &Path) -> Result<PathBuf, SourceError> {
    let unwritten = |source| SourceError::Unwritten { path: folder.to_owned(), source };
    let mut text = HEAD.to_owned();
    let mut sent = Vec::new();
    for (letter, file) in [("a", a), ("b", b)] {
        let draft = inspect(file, None, 0)?.draft;
        text += &format!("  {letter}:\n    {}:\n", draft.kind.word());
        text += &format!("      files: {}\n", draft.files(&format!("in/{letter}/")));
        for line in &draft.lines {
            text += &format!("      {line}\n");
        }
        sent.push((folder.join("in").join(letter), draft.file, file));
    }
    text += TAIL;
    fs::create_dir_all(folder).map_err(unwritten)?;
    let pipeline = folder.join("pipeline.yaml");
    let mut output = fs::File::create_new(&pipeline).map_err(unwritten)?;
    output.write_all(text.as_bytes()).map_err(unwritten)?;
    for (place, name, file) in sent {
        fs::create_dir_all(&place).map_err(unwritten)?;
        fs::copy(file, place.join(&name)).map_err(unwritten)?;
    }
    Ok(pipeline)
}

const HEAD: &str = "\
# A first pipeline, drafted from the heads of two files. `hutong check` names each place that is
# still blank; `hutong inspect FILE` tells what the drafts rest on.
pipeline: first

agreement:
  # The number of the contract, and from when to when it runs, both days written 2026-01-01.
  id: \"\"
  timezone: Asia/Shanghai
  currency: CNY
  term: { from: \"\", to: \"\" }
  cycle: monthly

parties:
  # A short code and the name of each party.
  a: { code: \"\", name: \"\" }
  b: { code: \"\", name: \"\" }

# If a column keeps `token: mobile`: a key of at least 16 bytes in a file under this folder.
# keys: { contact: { id: contact-1, file: keys/contact.key } }

feeds:
";

const TAIL: &str = "
terms:
  # How many points of the issuer are how many of the other side, such as \"100:40\", and since when.
  ratios:
    - { issuer: a, points: \"\", from: \"\" }
    - { issuer: b, points: \"\", from: \"\" }
  # What one point of each issuer is worth. Where points have decimal places (`scale` of the party),
  # `per_whole_point` or `per_smallest_unit` says of what, as `whole_points` or `smallest_units` of
  # a ratio does.
  rates:
    - { issuer: a, per_point: \"\", from: \"\" }
    - { issuer: b, per_point: \"\", from: \"\" }

publish: { to: out }
";
