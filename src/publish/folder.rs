//! Where publications live, and how one appears: staged beside its place, synced, renamed.
//!
//! ```text
//! <out>/<pipeline>/.lock                     held while a run publishes
//! <out>/<pipeline>/.staging-*/               gone after the rename; swept after a kill
//! <out>/<pipeline>/.cache/                   what was read of files, for the next run
//! <out>/<pipeline>/2026-03/2026-03-31/       a publication
//! <out>/<pipeline>/2026-03/2026-03-31.stages.json    what its stages took, beside it
//! <out>/<pipeline>/2026-03/2026-03-31.r2/    a later revision of it, beside it
//! <out>/<pipeline>/2026-03/final -> 2026-04-06    once the period is closed; never moved again
//! <out>/<pipeline>/latest -> 2026-03/2026-03-31
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::manifest::Manifest;
use super::readback::{Final, whole};
use crate::engine::SpillError;
use crate::value::period::Period;

/// The manifest's name; a folder without one is no publication.
pub const MANIFEST: &str = "manifest.json";

/// The pointer to a period's final publication.
pub(super) const FINAL: &str = "final";

/// Publishing that failed. Earlier publications are as they were.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// Another run of the pipeline is publishing.
    #[error("another run holds the lock {0}")]
    Locked(PathBuf),
    /// A folder or file could not be made, written or renamed.
    #[error("cannot {what} {path}")]
    Path {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Writing failed.
    #[error("cannot write")]
    Io(#[from] io::Error),
    /// Rows of a table cannot be set aside, or not be taken up again.
    #[error(transparent)]
    Spill(#[from] SpillError),
    /// The Parquet writer failed.
    #[error("cannot write Parquet")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The columns do not make a table.
    #[error("cannot form a table")]
    Arrow(#[from] arrow::error::ArrowError),
    /// The workbook writer failed.
    #[error("cannot write the workbook")]
    Workbook(#[source] Box<rust_xlsxwriter::XlsxError>),
    /// The manifest could not be written.
    #[error("cannot write the manifest")]
    Json(#[from] serde_json::Error),
    /// A final publication is not what it was when it was published.
    #[error("{path} is not what was published: {what}")]
    Altered {
        /// The file.
        path: PathBuf,
        /// What tells.
        what: String,
    },
    /// A manifest is cut short or otherwise no manifest.
    #[error("{path} is damaged")]
    Damaged {
        /// The manifest.
        path: PathBuf,
        /// Why it cannot be understood.
        source: serde_json::Error,
    },
    /// A figure is wider than its published column.
    #[error("{figure} of {table}.{column} is more than its column holds{of}")]
    TooLarge {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The figure.
        figure: String,
        /// The events and the places in files that the row names; empty for a sum.
        of: String,
    },
}

impl PublishError {
    /// The error with the file that was written, where it does not name one.
    #[must_use]
    pub fn naming(self, path: &Path) -> PublishError {
        let path = path.to_owned();
        match self {
            PublishError::Io(source) => PublishError::Path { what: "write", path, source },
            PublishError::Parquet(error) => {
                PublishError::Path { what: "write", path, source: io::Error::other(error) }
            }
            PublishError::Workbook(error) => {
                PublishError::Path { what: "write", path, source: io::Error::other(error) }
            }
            other => other,
        }
    }
}

/// Names the path in an I/O error.
pub(super) fn at(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PublishError {
    let path = path.to_owned();
    move |source| PublishError::Path { what, path, source }
}

/// The folders that this process has staged. Whoever moves one to its place, or sweeps them all
/// because the process ends, holds them meanwhile: nothing is published that is swept already.
static STAGED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Sweeps what this process has staged and not published, and lets nothing be published any more:
/// for an interrupt, which ends the process.
pub fn sweep_staged() {
    let staged = STAGED.lock().unwrap_or_else(PoisonError::into_inner);
    for folder in staged.iter() {
        // Rows may still be written there. What is left is swept by the next run.
        for _ in 0..3 {
            match fs::remove_dir_all(folder) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {}
                _ => break,
            }
        }
    }
    std::mem::forget(staged);
}

/// One pipeline's lock; released when it is dropped, and by the system when the process dies.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// What a publication turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// A new folder.
    New(PathBuf),
    /// The same run had published already.
    Already(PathBuf),
}

impl Published {
    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self {
            Published::New(folder) | Published::Already(folder) => folder,
        }
    }
}

/// The folder of one pipeline's publications.
#[derive(Debug, Clone)]
pub struct Folder {
    pipeline: PathBuf,
}

impl Folder {
    /// `<out>/<pipeline>`, made if need be, readable by its owner only.
    ///
    /// # Errors
    /// [`PublishError`] when it cannot be made.
    pub fn open(out: &Path, pipeline: &str) -> Result<Folder, PublishError> {
        let folder = Folder { pipeline: out.join(pipeline) };
        make_folder(&folder.pipeline)?;
        Ok(folder)
    }

    /// The pipeline's folder as it stands, to read from; it need not be there.
    #[must_use]
    pub fn beheld(out: &Path, pipeline: &str) -> Folder {
        Folder { pipeline: out.join(pipeline) }
    }

    /// Takes the pipeline's lock and sweeps what a killed run left behind.
    ///
    /// # Errors
    /// [`PublishError::Locked`] when another run holds it.
    pub fn lock(&self) -> Result<Lock, PublishError> {
        let path = self.pipeline.join(".lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(at("open", &path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Err(PublishError::Locked(path)),
            Err(fs::TryLockError::Error(error)) => return Err(at("lock", &path)(error)),
        }
        for entry in fs::read_dir(&self.pipeline).map_err(at("read", &self.pipeline))? {
            let entry = entry.map_err(at("read", &self.pipeline))?;
            if entry.file_name().to_string_lossy().starts_with(".staging-") {
                fs::remove_dir_all(entry.path()).map_err(at("sweep", &entry.path()))?;
            }
        }
        self.mend()?;
        Ok(Lock { _file: file })
    }

    /// Points to final publications whose run was killed before it could: the publication is whole,
    /// because it appeared by a rename, and so the period is closed.
    fn mend(&self) -> Result<(), PublishError> {
        for period in folders_in(&self.pipeline)? {
            if fs::symlink_metadata(period.join(FINAL)).is_ok() {
                continue;
            }
            for place in folders_in(&period)? {
                let manifest = Manifest::read(&place.join(MANIFEST));
                if manifest.is_ok_and(|manifest| manifest.is_final()) {
                    point(&period.join(FINAL), &place)?;
                    break;
                }
            }
        }
        Ok(())
    }

    /// Where what was read of files may be kept, by whoever holds the lock.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.pipeline.join(".cache")
    }

    /// A folder to stage a publication in. It is removed when it is dropped without a rename.
    ///
    /// # Errors
    /// [`PublishError`] when it cannot be made.
    pub fn stage(&self, _lock: &Lock) -> Result<tempfile::TempDir, PublishError> {
        let mut staged = STAGED.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::Builder::new()
            .prefix(".staging-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&self.pipeline)
            .map_err(at("make a staging folder in", &self.pipeline))?;
        staged.push(folder.path().to_owned());
        Ok(folder)
    }

    /// A new file of a staging folder, readable by its owner only.
    ///
    /// # Errors
    /// [`PublishError`] when it cannot be made.
    pub fn create(staging: &Path, name: &str) -> Result<File, PublishError> {
        let path = staging.join(name);
        OpenOptions::new()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&path)
            .map_err(at("create", &path))
    }

    /// The publication of this period and as-of date that has the digest, if there is one and its
    /// files are what was published. Of a final one they must be; another is published again beside
    /// one that was altered.
    ///
    /// # Errors
    /// [`PublishError::Altered`] when a file of a final publication is not what was published.
    pub fn find(
        &self,
        period: &Period,
        digest: &str,
    ) -> Result<Option<(PathBuf, Manifest)>, PublishError> {
        for folder in self.revisions(period) {
            let Ok(manifest) = Manifest::read(&folder.join(MANIFEST)) else { continue };
            if manifest.digest != digest {
                continue;
            }
            let is_final = manifest.is_final();
            match whole(&folder, &manifest) {
                Ok(()) => return Ok(Some((folder, manifest))),
                Err(error) if is_final => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Publishes a staged folder by one rename, then moves the pointer if there is a statement to
    /// point to.
    ///
    /// # Errors
    /// [`PublishError`] when a rename fails; nothing has been published then.
    pub fn publish(
        &self,
        staging: tempfile::TempDir,
        period: &Period,
        manifest: &Manifest,
        _lock: &Lock,
    ) -> Result<PathBuf, PublishError> {
        let parent = self.pipeline.join(&period.label);
        make_folder(&parent)?;
        sync(staging.path())?;
        let taken = self.revisions(period).len();
        let name = match taken {
            0 => period.as_of.to_string(),
            taken => format!("{}.r{}", period.as_of, taken + 1),
        };
        let place = parent.join(&name);
        let staged = STAGED.lock().unwrap_or_else(PoisonError::into_inner);
        fs::rename(staging.path(), &place).map_err(at("publish to", &place))?;
        drop(staged);
        // The folder has left its temporary name, so there is nothing to remove.
        let _ = staging.keep();
        sync(&parent)?;
        self.point_forward(&place, manifest)?;
        if manifest.is_final() {
            point(&parent.join(FINAL), &place)?;
        }
        Ok(place)
    }

    /// Puts figures about a publication beside it, as JSON, in a file that has its name and an
    /// ending; it appears whole.
    ///
    /// # Errors
    /// [`PublishError`] when it cannot be written.
    pub fn put_beside(
        &self,
        place: &Path,
        ending: &str,
        figures: &impl serde::Serialize,
        lock: &Lock,
    ) -> Result<(), PublishError> {
        let mut name = place.file_name().unwrap_or_default().to_owned();
        name.push(ending);
        let path = place.with_file_name(name);
        let mut text = serde_json::to_vec_pretty(figures)?;
        text.push(b'\n');
        let staging = self.stage(lock)?;
        let mut file = Folder::create(staging.path(), "beside")?;
        file.write_all(&text).map_err(at("write", &path))?;
        fs::rename(staging.path().join("beside"), &path).map_err(at("publish to", &path))
    }

    /// The final publication of every period that has one, in the order of their labels.
    ///
    /// # Errors
    /// [`PublishError`] when a folder cannot be listed, or a pointer leads to no final publication.
    pub fn finals(&self) -> Result<Vec<Final>, PublishError> {
        let mut finals = Vec::new();
        if !self.pipeline.is_dir() {
            return Ok(finals);
        }
        for period in folders_in(&self.pipeline)? {
            let Some(target) = target_of(&period.join(FINAL))? else { continue };
            let label = period.file_name().unwrap_or_default().to_string_lossy().into_owned();
            finals.push(Final::read(label, period.join(target))?);
        }
        Ok(finals)
    }

    /// The folder of a period.
    #[must_use]
    pub fn of_period(&self, label: &str) -> PathBuf {
        self.pipeline.join(label)
    }

    /// The names of the folders in which a period was published, closed or not, in order.
    ///
    /// # Errors
    /// [`PublishError`] when a folder cannot be listed.
    pub fn published_periods(&self) -> Result<Vec<String>, PublishError> {
        let mut labels = Vec::new();
        if !self.pipeline.is_dir() {
            return Ok(labels);
        }
        for period in folders_in(&self.pipeline)? {
            let places = folders_in(&period)?;
            if places.iter().any(|place| place.join(MANIFEST).is_file()) {
                labels.push(period.file_name().unwrap_or_default().to_string_lossy().into_owned());
            }
        }
        labels.sort();
        Ok(labels)
    }

    /// Moves `latest` to a publication that has a statement, unless it points to a later as-of
    /// date: neither a blocked night nor an older period that is run again takes a good statement
    /// away.
    ///
    /// # Errors
    /// [`PublishError`] when it cannot be moved.
    pub fn point_forward(&self, place: &Path, manifest: &Manifest) -> Result<(), PublishError> {
        let latest = Manifest::read(&self.pipeline.join("latest").join(MANIFEST));
        let is_later = latest.is_ok_and(|latest| latest.as_of > manifest.as_of);
        match place.strip_prefix(&self.pipeline) {
            Ok(_) if !manifest.is_blocked() && !is_later => {
                point(&self.pipeline.join("latest"), place)
            }
            _ => Ok(()),
        }
    }

    /// The folders of one period and as-of date, the first publication first.
    fn revisions(&self, period: &Period) -> Vec<PathBuf> {
        let parent = self.pipeline.join(&period.label);
        let name = |revision: usize| match revision {
            1 => period.as_of.to_string(),
            revision => format!("{}.r{revision}", period.as_of),
        };
        (1..).map(|revision| parent.join(name(revision))).take_while(|path| path.exists()).collect()
    }
}

/// Where a period's `final` points to, which is a publication of that period; `None` where there is
/// no such pointer.
fn target_of(pointer: &Path) -> Result<Option<PathBuf>, PublishError> {
    let altered =
        |what: &str| Err(PublishError::Altered { path: pointer.to_owned(), what: what.to_owned() });
    match fs::symlink_metadata(pointer) {
        Ok(found) if found.is_symlink() => {}
        Ok(_) => return altered("it is no symbolic link to the publication that is final"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(at("read", pointer)(error)),
    }
    let target = fs::read_link(pointer).map_err(at("read", pointer))?;
    let mut parts = target.components();
    match (parts.next(), parts.next()) {
        (Some(Component::Normal(_)), None) => {}
        _ => return altered("it points to no publication of the period"),
    }
    match pointer.with_file_name(&target).join(MANIFEST).try_exists() {
        Ok(true) => Ok(Some(target)),
        _ => altered("what it points to has no manifest.json"),
    }
}

/// Makes a publication the final one of its period.
pub(super) fn point_final(place: &Path) -> Result<(), PublishError> {
    point(&place.with_file_name(FINAL), place)
}

/// Moves a pointer to a folder beneath its own, by a rename, so that it always points somewhere.
fn point(pointer: &Path, place: &Path) -> Result<(), PublishError> {
    let (Some(folder), Some(name)) = (pointer.parent(), pointer.file_name()) else {
        return Ok(());
    };
    let target = place.strip_prefix(folder).unwrap_or(place);
    let staged = folder.join(format!(".{}-next", name.to_string_lossy()));
    match fs::remove_file(&staged) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(at("remove", &staged)(error)),
    }
    std::os::unix::fs::symlink(target, &staged).map_err(at("create", &staged))?;
    fs::rename(&staged, pointer).map_err(at("move the pointer", pointer))?;
    sync(folder)
}

/// The folders of a folder, without pointers and what is hidden, in the order of their names.
fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, PublishError> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder).map_err(at("read", folder))? {
        let entry = entry.map_err(at("read", folder))?;
        let is_folder = entry.file_type().map_err(at("read", &entry.path()))?.is_dir();
        if is_folder && !entry.file_name().to_string_lossy().starts_with('.') {
            folders.push(entry.path());
        }
    }
    folders.sort();
    Ok(folders)
}

fn make_folder(path: &Path) -> Result<(), PublishError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at("make", path))
}

fn sync(folder: &Path) -> Result<(), PublishError> {
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at("sync", folder))
}
