//! A count that a page, a sample or a machine can have.

use std::num::NonZeroU16;

/// A count from 1 to 65535.
#[derive(Debug, Clone, Copy)]
pub struct NonZeroCount(NonZeroU16);

impl std::str::FromStr for NonZeroCount {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<NonZeroCount, Self::Err> {
        text.parse().map(NonZeroCount).map_err(|_| "write a count from 1 to 65535")
    }
}

impl From<NonZeroCount> for usize {
    fn from(count: NonZeroCount) -> usize {
        usize::from(count.0.get())
    }
}
