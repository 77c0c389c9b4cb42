//! Progress on a terminal; silence anywhere else.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::{LogFormat, Voice};
use crate::engine::peak_bytes;
use crate::run::{Reading, Taken, Watch, Work};

const BY_BYTES: &str =
    "{spinner} {prefix} [{wide_bar}] {bytes}/{total_bytes} {msg} {bytes_per_sec} {eta}";
const BY_ROWS: &str =
    "{spinner} {prefix} [{wide_bar}] {human_pos}/{human_len} rows {per_sec} {eta}";
const UNMEASURED: &str = "{spinner} {prefix} {msg} {elapsed}";

/// One line: the stage, how far it is, and its rate.
#[derive(Debug)]
pub struct Bars {
    bar: ProgressBar,
    /// Rows that went through the stage at hand, and what it has to do.
    done: Mutex<(u64, Work)>,
    /// What it took from the cache.
    taken: Mutex<Taken>,
    began: Instant,
}

impl Bars {
    pub fn new(voice: &Voice) -> Bars {
        let is_shown =
            std::io::stderr().is_terminal() && !voice.quiet && voice.log_format == LogFormat::Text;
        let target =
            if is_shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{spinner}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        let (done, taken) = (Mutex::new((0, Work::Unknown)), Mutex::default());
        Bars { bar, done, taken, began: Instant::now() }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Bars {
    /// An error leaves no half-drawn bar on the terminal.
    fn drop(&mut self) {
        self.finish();
    }
}

impl Watch for Bars {
    fn stage(&self, name: &'static str, zh: &'static str, work: Work) {
        tracing::info!(stage = name, "stage");
        // The templates are constants, and a test draws each.
        let (template, length) = match work {
            Work::Bytes(bytes) => (BY_BYTES, Some(bytes)),
            Work::Rows(rows) => (BY_ROWS, Some(rows)),
            Work::Unknown => (UNMEASURED, None),
        };
        if let Ok(mut done) = self.done.lock() {
            *done = (0, work);
        }
        self.took(Taken::default());
        self.bar.set_position(0);
        if let Some(length) = length {
            self.bar.set_length(length);
        }
        self.bar.set_prefix(format!("{name} {zh}"));
        self.bar.set_message("");
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.reset_elapsed();
    }

    fn advance(&self, bytes: u64, rows: u64) {
        let files = self.taken.lock().map_or(0, |taken| taken.files);
        let Ok(mut done) = self.done.lock() else { return };
        let (total, work) = &mut *done;
        *total = total.saturating_add(rows);
        match work {
            Work::Rows(_) => self.bar.inc(rows),
            Work::Bytes(_) | Work::Unknown => {
                self.bar.inc(bytes);
                self.bar.set_message(match files {
                    0 => format!("{total} rows"),
                    files => format!("{total} rows, {files} files from the cache 缓存"),
                });
            }
        }
    }

    fn took(&self, now: Taken) {
        if let Ok(mut taken) = self.taken.lock() {
            *taken = now;
        }
    }

    fn reading(&self) -> Option<Reading> {
        let milliseconds = u64::try_from(self.began.elapsed().as_millis()).ok()?;
        Some(Reading { milliseconds, peak_bytes: peak_bytes() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_templates_are_sound() {
        for template in [BY_BYTES, BY_ROWS, UNMEASURED] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
