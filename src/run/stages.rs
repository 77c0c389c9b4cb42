//! Who watches a run, and what each of its stages took.
//!
//! Clock and memory are read by whoever watches, and decide nothing: what they said stands beside
//! a publication and never in it, because both partners must publish the same bytes.

use std::sync::Mutex;

use serde::Serialize;

use crate::source::Taken;

/// Somebody who watches a run.
pub trait Watch: Sync {
    /// A stage begins, with what it has to do.
    fn stage(&self, name: &'static str, zh: &'static str, work: Work);
    /// A stage advanced by so many bytes and rows.
    fn advance(&self, bytes: u64, rows: u64);
    /// So much of what the stage read was taken from the cache so far.
    fn took(&self, taken: Taken) {
        let _ = taken;
    }
    /// What the watch shows now; `None` where nobody has one.
    fn reading(&self) -> Option<Reading> {
        None
    }
}

/// What a stage has to do, so that a watch can tell how long it will take yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// So many bytes go through it.
    Bytes(u64),
    /// So many rows.
    Rows(u64),
    /// Nobody knows before.
    Unknown,
}

/// What a watch shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Milliseconds since some instant before the run.
    pub milliseconds: u64,
    /// The most memory that the process has had so far, in bytes; `None` where the system does not
    /// say.
    pub peak_bytes: Option<u64>,
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn stage(&self, _: &'static str, _: &'static str, _: Work) {}
    fn advance(&self, _: u64, _: u64) {}
}

/// What a stage took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stage {
    /// Its name.
    pub stage: &'static str,
    /// Its Chinese name.
    pub zh: &'static str,
    /// Rows that went through it.
    pub rows: u64,
    /// Bytes that it read or wrote.
    pub bytes: u64,
    /// Files that it took from the cache instead of reading them, where there are any.
    #[serde(skip_serializing_if = "is_none")]
    pub cached_files: u64,
    /// The bytes of those.
    #[serde(skip_serializing_if = "is_none")]
    pub cached_bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
    /// The most memory that the process had had by its end, in bytes.
    pub peak_bytes: Option<u64>,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// A watch that keeps what each stage took, and hands everything on.
pub struct Stages<'w> {
    watch: &'w dyn Watch,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    ended: Vec<Stage>,
    /// The stage at hand, and when it began.
    current: Option<(Stage, u64)>,
}

impl Kept {
    fn end(&mut self, now: Option<Reading>) {
        if let (Some((stage, began)), Some(now)) = (self.current.take(), now) {
            let milliseconds = now.milliseconds.saturating_sub(began);
            self.ended.push(Stage { milliseconds, peak_bytes: now.peak_bytes, ..stage });
        }
    }
}

impl<'w> Stages<'w> {
    /// Keeps what is seen through a watch.
    #[must_use]
    pub fn of(watch: &'w dyn Watch) -> Stages<'w> {
        Stages { watch, kept: Mutex::default() }
    }

    /// The stages so far; the last of them ends. There are none where the watch shows nothing.
    #[must_use]
    pub fn end(&self) -> Vec<Stage> {
        let Ok(mut kept) = self.kept.lock() else { return Vec::new() };
        kept.end(self.watch.reading());
        std::mem::take(&mut kept.ended)
    }
}

impl Watch for Stages<'_> {
    fn stage(&self, name: &'static str, zh: &'static str, work: Work) {
        self.watch.stage(name, zh, work);
        let now = self.watch.reading();
        if let (Ok(mut kept), Some(reading)) = (self.kept.lock(), now) {
            kept.end(now);
            let stage = Stage {
                stage: name,
                zh,
                rows: 0,
                bytes: 0,
                cached_files: 0,
                cached_bytes: 0,
                milliseconds: 0,
                peak_bytes: None,
            };
            kept.current = Some((stage, reading.milliseconds));
        }
    }

    fn advance(&self, bytes: u64, rows: u64) {
        self.watch.advance(bytes, rows);
        if let Ok(mut kept) = self.kept.lock()
            && let Some((stage, _)) = &mut kept.current
        {
            stage.bytes = stage.bytes.saturating_add(bytes);
            stage.rows = stage.rows.saturating_add(rows);
        }
    }

    fn took(&self, taken: Taken) {
        self.watch.took(taken);
        if let Ok(mut kept) = self.kept.lock()
            && let Some((stage, _)) = &mut kept.current
        {
            (stage.cached_files, stage.cached_bytes) = (taken.files, taken.bytes);
        }
    }

    fn reading(&self) -> Option<Reading> {
        self.watch.reading()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// A watch that goes on by seven milliseconds whenever it is read.
    struct Ticking(AtomicU64);

    impl Watch for Ticking {
        fn stage(&self, _: &'static str, _: &'static str, _: Work) {}
        fn advance(&self, _: u64, _: u64) {}
        fn reading(&self) -> Option<Reading> {
            let milliseconds = self.0.fetch_add(7, Ordering::Relaxed);
            Some(Reading { milliseconds, peak_bytes: Some(milliseconds * 100) })
        }
    }

    fn watched(watch: &dyn Watch) -> Vec<Stage> {
        let stages = Stages::of(watch);
        stages.stage("read", "读取", Work::Bytes(30));
        stages.advance(10, 1);
        stages.advance(20, 2);
        stages.took(Taken { files: 1, bytes: 20 });
        stages.stage("detect", "差错检测", Work::Unknown);
        stages.end()
    }

    #[test]
    fn a_stage_has_what_was_told_of_it_until_the_next_began() {
        let stages = watched(&Ticking(AtomicU64::new(0)));
        let figures = |s: &Stage| {
            (s.stage, s.rows, s.bytes, s.cached_bytes, s.milliseconds, s.peak_bytes.unwrap_or(0))
        };
        assert_eq!(
            stages.iter().map(figures).collect::<Vec<_>>(),
            [("read", 3, 30, 20, 7, 700), ("detect", 0, 0, 0, 7, 1400)]
        );
        assert!(!serde_json::to_string(&stages[1]).unwrap().contains("cached"));
        assert_eq!(watched(&Unwatched), []);
    }
}
