//! Log lines to standard error. They never hold a member's data: the engine hands tracing feeds,
//! counts and paths, and nothing of a row.

use std::io::IsTerminal;

use tracing::Level;

use super::arguments::{LogFormat, Voice};

/// Starts logging as loudly as was asked.
pub fn start(voice: &Voice) {
    let level = match (voice.quiet, voice.verbose) {
        (true, _) => Level::ERROR,
        (false, 0) => Level::WARN,
        (false, 1) => Level::INFO,
        (false, 2) => Level::DEBUG,
        (false, _) => Level::TRACE,
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    // A second start, as in a test that runs two commands, keeps the first.
    let _ = match voice.log_format {
        LogFormat::Text => subscriber.without_time().try_init(),
        LogFormat::Json => subscriber.json().flatten_event(true).try_init(),
    };
}
