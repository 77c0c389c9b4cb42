//! The door of the `hutong` command. Everything is in the library.

use std::process::ExitCode;

fn main() -> ExitCode {
    hutong::cli::main()
}
