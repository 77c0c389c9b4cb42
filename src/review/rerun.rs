//! The inputs that a run recorded against what lies there now, and its outputs against those of the
//! same run performed again.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use super::publication::{MANIFEST, Publication, ReviewError, digest};
use super::verify::Check;
use crate::value::money::counted;

/// Every recorded input has the size and the digest that it was read with, the pipeline file too.
///
/// # Errors
/// [`ReviewError::Io`] when a file that is there cannot be read.
pub fn inputs(
    publication: &Publication,
    pipeline: &Path,
    root: &Path,
) -> Result<Check, ReviewError> {
    let mut check = Check::new("recorded inputs against the files", "输入摘要");
    let manifest = &publication.manifest;
    if digest(pipeline)?.0 != manifest.pipeline_digest {
        check.fault(|| format!("{}: it is not the pipeline that ran", pipeline.display()));
    }
    for input in &manifest.inputs {
        match digest(&root.join(&input.path)) {
            Ok((found, bytes)) if (&found, bytes) != (&input.blake3, input.bytes) => {
                check.fault(|| format!("{} ({}): its content is another", input.path, input.feed));
            }
            Ok(_) => {}
            Err(ReviewError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                check.fault(|| format!("{} ({}): it is missing", input.path, input.feed));
            }
            Err(error) => return Err(error),
        }
    }
    check.compared = format!("{} and the pipeline", counted(manifest.inputs.len() as u64, "file"));
    Ok(check)
}

/// Every output of a run is the same, byte for byte, as when the run is performed again.
///
/// # Errors
/// [`ReviewError::Io`] when a manifest cannot be read.
pub fn same_bytes(publication: &Publication, again: &Publication) -> Result<Check, ReviewError> {
    let mut check = Check::new("outputs against the run performed again", "重新执行");
    let by_name = |publication: &Publication| -> BTreeMap<String, String> {
        let outputs = publication.manifest.outputs.iter();
        outputs.map(|output| (output.file.clone(), output.blake3.clone())).collect()
    };
    let (published, performed) = (by_name(publication), by_name(again));
    for file in published.keys().chain(performed.keys()).collect::<BTreeSet<&String>>() {
        match (published.get(file), performed.get(file)) {
            (Some(one), Some(other)) if one == other => {}
            (Some(_), Some(_)) => check.fault(|| format!("{file}: performed again, it is another")),
            (Some(_), None) => check.fault(|| format!("{file}: performed again, there is none")),
            (None, _) => check.fault(|| format!("{file}: performed again, it is written")),
        }
    }
    let (one, other) = (&publication.manifest, &again.manifest);
    check.expect(|| "run digest".to_owned(), one.digest.as_str(), other.digest.as_str());
    if one.engine_version != other.engine_version {
        let (then, now) = (&one.engine_version, &other.engine_version);
        check.fault(|| format!("the engine was {then} and is {now}"));
    }
    // What else the manifest says follows from the same run, and so is the same too.
    if digest(&publication.path(MANIFEST))? != digest(&again.path(MANIFEST))? && check.is_clean() {
        check.fault(|| format!("{MANIFEST}: performed again, it is another"));
    }
    check.compared = format!("{} and the manifest", counted(published.len() as u64, "file"));
    Ok(check)
}
