//! A place to perform a run again: a folder of its own that vanishes, with the final publications
//! that the run took from, and nothing else that was published.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use super::folder::{MANIFEST, PublishError, at, point_final};

/// A folder to publish into that is removed when it is dropped.
#[derive(Debug)]
pub struct Rehearsal {
    out: tempfile::TempDir,
    _lock: File,
}

/// How the folder's name begins.
const PREFIX: &str = "hutong-again-";

/// The file that is locked while a run is performed in the folder.
const LOCK: &str = ".in-use";

impl Rehearsal {
    /// A folder in `TMPDIR`, with the publications at `places` (such as `2026-03/final`) under
    /// the pipeline's folder `published`, each final there as it is here.
    ///
    /// # Errors
    /// [`PublishError`] when a place is none, or cannot be read or copied.
    pub fn new<'a>(
        published: &Path,
        pipeline: &str,
        places: impl IntoIterator<Item = &'a str>,
    ) -> Result<Rehearsal, PublishError> {
        sweep(&std::env::temp_dir());
        let out = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()
            .map_err(at("make a folder in", &std::env::temp_dir()))?;
        let path = out.path().join(LOCK);
        let lock = File::create_new(&path).map_err(at("create", &path))?;
        lock.lock().map_err(at("lock", &path))?;
        for place in places {
            let from = published.join(place);
            let is_place = Path::new(place).components().count() == 2
                && Path::new(place).components().all(|part| matches!(part, Component::Normal(_)));
            if !is_place {
                let what = format!("`{place}` is no place of a publication");
                return Err(PublishError::Altered { path: published.join(MANIFEST), what });
            }
            // The place leads to the folder of the night on which the period was closed.
            let night = fs::canonicalize(&from).map_err(at("find", &from))?;
            let to = out.path().join(pipeline).join(place).with_file_name(night_of(&night));
            lend(&night, &to)?;
            point_final(&to)?;
        }
        Ok(Rehearsal { out, _lock: lock })
    }

    /// Where to publish.
    #[must_use]
    pub fn out(&self) -> PathBuf {
        self.out.path().to_owned()
    }
}

/// The name of a publication's folder, such as `2026-04-06`.
fn night_of(folder: &Path) -> &OsStr {
    folder.file_name().unwrap_or_default()
}

/// Removes what killed runs left behind: folders of ours whose lock nobody holds. What cannot be
/// removed is another user's.
fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_ours && File::open(entry.path().join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok())
        {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Gives a publication's files a second name, or a copy where they lie on another file system.
fn lend(from: &Path, to: &Path) -> Result<(), PublishError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(to).map_err(at("make", to))?;
    for entry in fs::read_dir(from).map_err(at("read", from))? {
        let file = entry.map_err(at("read", from))?.path();
        let Some(name) = file.file_name() else { continue };
        let lent = to.join(name);
        match fs::hard_link(&file, &lent) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(at("read", &file)(error));
            }
            Err(_) => {
                fs::copy(&file, &lent).map_err(at("copy", &file))?;
            }
        }
    }
    Ok(())
}
