//! What was read of files, kept from one run to the next, so that a nightly run over the period to
//! date decodes only the files that are new (docs/cache.md).
//!
//! What is kept of a file is what its sheets were: canonical rows, rejects with their values
//! redacted, the totals that it declares, and the columns that were not agreed. It is found by the
//! digest of the file's bytes and by everything that decides how they are read (`key`), and then
//! takes the way that sheets take which were decoded just now. A file with a fault is not kept.
//!
//! Whatever is wrong with an entry, the file is read again: no figure depends on what is kept, or
//! on whether anything is. Only a run that holds the pipeline's lock gets here.

mod entry;
mod key;
mod leaf;
mod packing;
mod recording;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, DirBuilder, File};
use std::io;
use std::ops::Range;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use self::entry::{Frame, Head, Next, Opened};
use self::key::Key;
pub use self::key::{READING, declared};
pub(super) use self::packing::{Broken, Packer, Unpacker};
pub(super) use self::recording::Recording;
use super::error::SourceError;
use super::sheet::Sheet;
use crate::feed::{Feed, FeedKind, Format, InputFile, Stray};

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheSize {
    /// The most bytes that it may take on disk; never more than half of what would be free without
    /// it, so that it leaves a run what that needs to publish.
    pub most_bytes: u64,
    /// Files of fewer bytes are not kept: they are decoded sooner than an entry is opened.
    pub least_file_bytes: u64,
}

impl CacheSize {
    /// What a file has at the least to be kept: less takes a millisecond or two to decode.
    pub const LEAST_FILE_BYTES: u64 = 256 << 10;

    /// So many bytes, of files that are worth it.
    #[must_use]
    pub fn of(most_bytes: u64) -> CacheSize {
        CacheSize { most_bytes, least_file_bytes: CacheSize::LEAST_FILE_BYTES }
    }
}

/// What is kept, as one run uses it.
#[derive(Debug)]
pub struct Cache {
    folder: PathBuf,
    staging: PathBuf,
    size: CacheSize,
    shelf: Mutex<Shelf>,
    /// Nothing more is kept, because something could not be.
    stopped: AtomicBool,
    /// When the run opened it, by the clock of the file system.
    now: SystemTime,
}

#[derive(Debug, Default)]
struct Shelf {
    entries: BTreeMap<Key, Kept>,
    /// Bytes of entries that are being written.
    drafted: u64,
    /// Entries that were used, with the bytes of their files.
    taken: BTreeMap<Key, u64>,
}

#[derive(Debug, Clone, Copy)]
struct Kept {
    bytes: u64,
    used: SystemTime,
    /// Whether a file of this run is its.
    is_named: bool,
}

/// What a run took from the cache instead of reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Shelf {
    fn bytes(&self) -> u64 {
        self.entries.values().map(|kept| kept.bytes).sum::<u64>() + self.drafted
    }
}

impl Cache {
    /// What is kept in a folder, for a run over these feeds that stages in another; neither needs
    /// to hold anything. Entries go whose file is gone or has another content or declaration now,
    /// and those least lately used where all take more than they may.
    ///
    /// # Errors
    /// When the folders cannot be looked into or written to.
    pub fn open(
        folder: &Path,
        staging: &Path,
        size: CacheSize,
        feeds: &[(Feed, Vec<InputFile>)],
    ) -> io::Result<Cache> {
        let probe = staging.join(".now");
        let now = File::create_new(&probe)?.metadata()?.modified()?;
        fs::remove_file(&probe)?;
        let mut cache = Cache {
            folder: folder.to_owned(),
            staging: staging.to_owned(),
            size,
            shelf: Mutex::default(),
            stopped: AtomicBool::new(false),
            now,
        };
        let mut named = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut roots = BTreeMap::new();
        for (feed, files) in feeds {
            let declared = declared(feed);
            roots.insert(Head::feed(feed), feed.root.as_path());
            for file in files {
                named.extend(cache.is_worth(file).then(|| Key::of(&declared, file)));
                seen.insert(Head::of(feed, file));
            }
        }
        let is_of_use = |head: &Head| {
            let root = roots.get(&head.feed);
            !seen.contains(head) && root.is_some_and(|root| root.join(&head.path).is_file())
        };
        cache.look(&named, is_of_use)?;
        let disk = rustix::fs::statvfs(staging)?;
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let most = cache.shelf().bytes().saturating_add(free) / 2;
        cache.size.most_bytes = cache.size.most_bytes.min(most);
        let mut shelf = cache.shelf();
        while shelf.bytes() > cache.size.most_bytes && cache.evict(&mut shelf, true) {}
        drop(shelf);
        Ok(cache)
    }

    /// Takes stock of the folder.
    fn look(&self, named: &BTreeSet<Key>, is_of_use: impl Fn(&Head) -> bool) -> io::Result<()> {
        let found = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            found => found?,
        };
        let mut shelf = self.shelf();
        for found in found {
            let found = found?;
            let about = found.metadata()?;
            let key = found.file_name().to_str().and_then(Key::named).filter(|_| about.is_file());
            let is_named = key.is_some_and(|key| named.contains(&key));
            let is_kept = is_named
                || key.is_some_and(|key| {
                    Opened::new(&found.path(), key).is_ok_and(|(_, head)| is_of_use(&head))
                });
            match key {
                Some(key) if is_kept => {
                    let kept = Kept { bytes: about.len(), used: about.modified()?, is_named };
                    shelf.entries.insert(key, kept);
                }
                // Whatever it is, it is nothing that a run looks for.
                _ => {
                    let _ = fs::remove_file(found.path());
                }
            }
        }
        Ok(())
    }

    /// What was taken so far.
    #[must_use]
    pub fn taken(&self) -> Taken {
        let taken = &self.shelf().taken;
        Taken { files: taken.len() as u64, bytes: taken.values().sum() }
    }

    /// Forgets an entry that cannot be used; its file will be read.
    pub fn forget(&self, entry: &str) {
        let Some(key) = Key::named(entry) else { return };
        let mut shelf = self.shelf();
        shelf.entries.remove(&key);
        shelf.taken.remove(&key);
        let _ = fs::remove_file(self.path(&key));
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // What a thread that panicked left is no worse than what any other left.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(key.name())
    }

    fn is_worth(&self, file: &InputFile) -> bool {
        !file.is_passed_over() && file.bytes >= self.size.least_file_bytes
    }

    /// Takes away the entry that was least lately used; one of a file of this run only where that
    /// is asked. Whether there was one.
    fn evict(&self, shelf: &mut Shelf, even_named: bool) -> bool {
        let entries = shelf.entries.iter().filter(|(_, kept)| even_named || !kept.is_named);
        let oldest = entries.min_by_key(|(key, kept)| (kept.is_named, kept.used, **key));
        let Some((&key, _)) = oldest else { return false };
        shelf.entries.remove(&key);
        let _ = fs::remove_file(self.path(&key));
        true
    }

    /// Makes room for more bytes of a draft; `false` where there is none: what this run has a use
    /// for is not given away for what it has a use for too.
    fn reserve(&self, bytes: u64) -> bool {
        let mut shelf = self.shelf();
        while shelf.bytes().saturating_add(bytes) > self.size.most_bytes {
            if !self.evict(&mut shelf, false) {
                return false;
            }
        }
        shelf.drafted += bytes;
        true
    }

    /// Puts a finished draft into its place.
    fn commit(&self, staged: &Path, key: Key, bytes: u64) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o700))?;
        fs::rename(staged, self.path(&key))?;
        let mut shelf = self.shelf();
        shelf.drafted -= bytes;
        shelf.entries.insert(key, Kept { bytes, used: self.now, is_named: true });
        Ok(())
    }

    /// Notes that an entry was used, for a file of so many bytes.
    fn took(&self, key: &Key, bytes: u64) {
        self.shelf().taken.insert(*key, bytes);
        // An entry whose time cannot be set may go sooner than it should.
        let _ = File::open(self.path(key)).and_then(|entry| entry.set_modified(self.now));
    }

    /// Keeps nothing more.
    fn stop(&self, error: &io::Error) {
        if !self.stopped.swap(true, Ordering::Relaxed) {
            tracing::warn!(%error, folder = %self.folder.display(), "what is read cannot be kept");
        }
    }
}

/// Neighbouring files of a feed, all of which are taken from the cache or none.
pub(super) struct Stretch {
    pub(super) files: Range<usize>,
    pub(super) is_kept: bool,
}

/// The files of a feed, cut where what is kept begins and ends.
pub(super) fn stretches(cache: Option<&Cache>, feed: &Feed, files: &[InputFile]) -> Vec<Stretch> {
    let Some(cache) = cache else {
        return vec![Stretch { files: 0..files.len(), is_kept: false }];
    };
    let declared = declared(feed);
    let shelf = cache.shelf();
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        let is_kept = cache.is_worth(file) && shelf.entries.contains_key(&Key::of(&declared, file));
        match stretches.last_mut() {
            // A file that is not read stands anywhere.
            Some(last) if last.is_kept == is_kept || file.is_passed_over() => {
                last.files.end = at + 1;
            }
            _ => stretches.push(Stretch { files: at..at + 1, is_kept }),
        }
    }
    stretches
}

/// A sheet that was kept, and has not been unpacked yet.
pub(super) struct Leaf {
    frame: Frame,
    key: Key,
    part: u32,
    file: u32,
}

impl Leaf {
    /// How many rows it says that it has.
    pub(super) fn rows(&self) -> u64 {
        self.frame.rows()
    }

    /// The sheet, of one of these files.
    pub(super) fn sheet(&self, kind: FeedKind, files: &[InputFile]) -> Result<Sheet, SourceError> {
        let path = files.get(self.file as usize).map_or("", |file| &file.path);
        let leaf = self.frame.leaf(&self.key);
        let sheet = leaf.and_then(|leaf| leaf::unpack(leaf, kind, path, (self.part, self.file)));
        sheet.map_err(|Broken| unkept(path, &self.key))
    }
}

fn unkept(file: &str, key: &Key) -> SourceError {
    SourceError::Unkept { file: file.to_owned(), entry: key.name() }
}

/// Hands out what was kept of some files, in their order.
pub(super) struct Leaves<'r> {
    cache: &'r Cache,
    files: &'r [InputFile],
    keys: Vec<Key>,
    is_table: bool,
    at: usize,
    open: Option<Opened>,
    /// The number of the file's first part, and how many parts it has so far.
    parts: (u32, u32),
    strays: Vec<Stray>,
}

impl<'r> Leaves<'r> {
    pub(super) fn new(cache: &'r Cache, feed: &Feed, files: &'r [InputFile]) -> Leaves<'r> {
        let declared = declared(feed);
        let keys = files.iter().map(|file| Key::of(&declared, file)).collect();
        let is_table = matches!(feed.format, Format::Parquet | Format::Arrow);
        let (parts, strays) = ((0, 0), Vec::new());
        Leaves { cache, files, keys, is_table, at: 0, open: None, parts, strays }
    }

    /// The next sheet, or `None` behind the last file.
    pub(super) fn next(&mut self) -> Result<Option<Leaf>, SourceError> {
        loop {
            let (Some(file), Some(key)) = (self.files.get(self.at), self.keys.get(self.at)) else {
                return Ok(None);
            };
            if file.is_passed_over() {
                self.at += 1;
                continue;
            }
            let broken = |Broken| unkept(&file.path, key);
            let number = u32::try_from(self.at).unwrap_or(u32::MAX);
            let open = match &mut self.open {
                Some(open) => open,
                none => {
                    // Each table is one part, whether rows come of it or not.
                    let next = self.parts.0.saturating_add(self.parts.1);
                    let first = if self.is_table { number } else { next };
                    self.parts = (first, 0);
                    none.insert(Opened::new(&self.cache.path(key), *key).map_err(broken)?.0)
                }
            };
            match open.next().map_err(broken)? {
                Next::Leaf(frame) => {
                    self.parts.1 = self.parts.1.max(frame.part().saturating_add(1));
                    let part = self.parts.0.saturating_add(frame.part());
                    return Ok(Some(Leaf { frame, key: *key, part, file: number }));
                }
                Next::End(strays) => {
                    self.strays.extend(strays.into_iter().map(|(behind, column)| Stray {
                        file: format!("{}{behind}", file.path),
                        column,
                    }));
                    self.cache.took(key, file.bytes);
                    self.open = None;
                    self.at += 1;
                }
            }
        }
    }

    /// The columns that were not agreed and arrived.
    pub(super) fn strays(self) -> Vec<Stray> {
        self.strays
    }
}

#[cfg(test)]
mod tests;
