//! Files that are read are kept as they come, and put into their places when their feed was read to
//! its end.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::entry::{Draft, Head};
use super::key::{Key, declared};
use super::{Cache, leaf};
use crate::feed::{Feed, FeedFault, InputFile, Stray};
use crate::source::sheet::Sheet;

/// What is read of some files of a feed, while it is being kept.
pub(in crate::source) struct Recording<'r> {
    cache: &'r Cache,
    feed: &'r Feed,
    files: &'r [InputFile],
    keys: Vec<Key>,
    /// By file, whether it is to be kept.
    wanted: Vec<AtomicBool>,
    drafts: Mutex<Vec<Recorded>>,
}

/// An entry that is being written, of the file of that number and with the number of its first
/// part.
struct Recorded {
    file: u32,
    first: u32,
    draft: Draft,
}

impl<'r> Recording<'r> {
    pub(in crate::source) fn new(
        cache: &'r Cache,
        feed: &'r Feed,
        files: &'r [InputFile],
    ) -> Recording<'r> {
        let declared = declared(feed);
        let keys = files.iter().map(|file| Key::of(&declared, file)).collect();
        let wanted = files.iter().map(|file| AtomicBool::new(cache.is_worth(file))).collect();
        Recording { cache, feed, files, keys, wanted, drafts: Mutex::default() }
    }

    /// Packs a sheet that was decoded just now, beside others on other threads.
    pub(in crate::source) fn pack(&self, mut sheet: Sheet) -> Sheet {
        let at = sheet.file as usize;
        let is_wanted = self.wanted.get(at).is_some_and(|wanted| wanted.load(Ordering::Relaxed));
        if is_wanted && !self.cache.stopped.load(Ordering::Relaxed) {
            sheet.kept = self.files.get(at).and_then(|file| leaf::pack(&sheet, file));
            if sheet.kept.is_none() {
                self.give_up(sheet.file);
            }
        }
        sheet
    }

    /// Keeps a packed sheet, which comes next in the order of files and lines.
    pub(in crate::source) fn keep(&self, sheet: &mut Sheet) {
        let kept = sheet.kept.take();
        let Some(wanted) = self.wanted.get(sheet.file as usize) else { return };
        if !wanted.load(Ordering::Relaxed) {
            return;
        }
        let is_kept = kept.map_or(Ok(false), |leaf| self.write(sheet, &leaf));
        if !is_kept.unwrap_or_else(|error| {
            self.cache.stop(&error);
            false
        }) {
            self.give_up(sheet.file);
        }
    }

    /// Writes a leaf; `false` where there is no room for it.
    fn write(&self, sheet: &Sheet, leaf: &[u8]) -> io::Result<bool> {
        let at = sheet.file as usize;
        let (Some(&key), Some(file)) = (self.keys.get(at), self.files.get(at)) else {
            return Ok(false);
        };
        let mut drafts = self.drafts();
        if drafts.last().is_none_or(|last| last.file != sheet.file) {
            if let Some(last) = drafts.last_mut() {
                last.draft.close()?;
            }
            let draft = Draft::new(&self.cache.staging, key, &Head::of(self.feed, file))?;
            let bytes = draft.bytes;
            if !self.cache.reserve(bytes) {
                draft.discard();
                return Ok(false);
            }
            drafts.push(Recorded { file: sheet.file, first: sheet.part, draft });
        }
        let Some(Recorded { first, draft, .. }) = drafts.last_mut() else { return Ok(false) };
        let Some(part) = sheet.part.checked_sub(*first) else { return Ok(false) };
        if !self.cache.reserve(Draft::leaf_bytes(leaf)) {
            return Ok(false);
        }
        draft.leaf(sheet.rows, part, leaf)?;
        Ok(true)
    }

    /// Keeps nothing of a file.
    fn give_up(&self, file: u32) {
        if let Some(wanted) = self.wanted.get(file as usize) {
            wanted.store(false, Ordering::Relaxed);
        }
    }

    /// Puts what was read into its place, now that the files are known to be what their digests
    /// say; but nothing of a file that has a fault, or of which not everything was written.
    pub(in crate::source) fn finish(self, faults: &[FeedFault], strays: &[Stray]) {
        let drafts = std::mem::take(&mut *self.drafts());
        for Recorded { file: number, mut draft, .. } in drafts {
            let at = number as usize;
            let Some(file) = self.files.get(at) else { continue };
            let is_wanted = self.wanted.get(at).is_some_and(|w| w.load(Ordering::Relaxed));
            let is_its = |name: &str| behind(name, &file.path).is_some();
            let is_faulty = faults.iter().any(|fault| fault_of(fault).is_none_or(is_its));
            let reserved = draft.bytes;
            let strays = strays.iter().filter_map(|stray| {
                Some((behind(&stray.file, &file.path)?, stray.column.as_str()))
            });
            let strays: Vec<(&str, &str)> = strays.collect();
            let is_put = is_wanted
                && !is_faulty
                && !self.cache.stopped.load(Ordering::Relaxed)
                && self.put(&mut draft, &strays).unwrap_or_else(|error| {
                    self.cache.stop(&error);
                    false
                });
            if !is_put {
                self.cache.shelf().drafted -= reserved;
                draft.discard();
            }
        }
    }

    /// Ends a draft and puts it into its place; `false` where there is no room for its end.
    fn put(&self, draft: &mut Draft, strays: &[(&str, &str)]) -> io::Result<bool> {
        let (before, key) = (draft.bytes, draft.key);
        let staged = draft.end(strays)?.to_owned();
        let more = draft.bytes - before;
        if !self.cache.reserve(more) {
            return Ok(false);
        }
        let put = self.cache.commit(&staged, key, draft.bytes);
        if put.is_err() {
            self.cache.shelf().drafted -= more;
        }
        put.map(|()| true)
    }

    fn drafts(&self) -> MutexGuard<'_, Vec<Recorded>> {
        self.drafts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Recording<'_> {
    /// What was not put into its place takes no room.
    fn drop(&mut self) {
        let drafts = std::mem::take(&mut *self.drafts());
        for Recorded { draft, .. } in drafts {
            self.cache.shelf().drafted -= draft.bytes;
            draft.discard();
        }
    }
}

/// What stands behind a file's path in the name of one of its parts; `None` of another file's.
fn behind<'n>(name: &'n str, path: &str) -> Option<&'n str> {
    let behind = name.strip_prefix(path)?;
    (behind.is_empty() || behind.starts_with('/')).then_some(behind)
}

/// The file of a fault, or the part of it.
fn fault_of(fault: &FeedFault) -> Option<&str> {
    match fault {
        FeedFault::Column { file, .. }
        | FeedFault::Unused { file, .. }
        | FeedFault::Entry { file, .. }
        | FeedFault::Beside { file, .. } => Some(file),
        FeedFault::Missing { .. } => None,
    }
}
