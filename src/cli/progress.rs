//! Progress on a terminal; silence anywhere else.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::{LogFormat, Voice};
use crate::engine::peak_bytes;
use crate::run::{Reading, Taken, Watch};

/// One line: the stage, how far it is, and its rate.
#[derive(Debug)]
pub struct Bars {
    bar: ProgressBar,
    /// Rows of the stage at hand.
    rows: Mutex<u64>,
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
        Bars { bar, rows: Mutex::default(), taken: Mutex::default(), began: Instant::now() }
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
    fn stage(&self, name: &'static str, zh: &'static str, bytes: Option<u64>) {
        tracing::info!(stage = name, "stage");
        // The templates are constants, and a test draws both.
        let template = match bytes {
            Some(_) => {
                "{spinner} {prefix} [{wide_bar}] {bytes}/{total_bytes} {msg} {bytes_per_sec} {eta}"
            }
            None => "{spinner} {prefix} {msg} {elapsed}",
        };
        if let Ok(mut rows) = self.rows.lock() {
            *rows = 0;
        }
        self.took(Taken::default());
        self.bar.set_position(0);
        if let Some(bytes) = bytes {
            self.bar.set_length(bytes);
        }
        self.bar.set_prefix(format!("{name} {zh}"));
        self.bar.set_message("");
        if let Ok(style) = ProgressStyle::with_template(template) {
            self.bar.set_style(style);
        }
        self.bar.reset_elapsed();
    }

    fn advance(&self, bytes: u64, rows: u64) {
        self.bar.inc(bytes);
        if let Ok(mut total) = self.rows.lock() {
            *total += rows;
            let files = self.taken.lock().map_or(0, |taken| taken.files);
            self.bar.set_message(match files {
                0 => format!("{total} rows"),
                files => format!("{total} rows, {files} files from the cache 缓存"),
            });
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
    fn both_templates_are_sound() {
        for template in [
            "{spinner} {prefix} [{wide_bar}] {bytes}/{total_bytes} {msg} {bytes_per_sec} {eta}",
            "{spinner} {prefix} {msg} {elapsed}",
        ] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
