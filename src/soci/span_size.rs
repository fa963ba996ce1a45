//! Which span sizes make sense.

use std::fmt;
use std::ops::RangeInclusive;

use crate::config::show_size;

/// Every span costs a checkpoint with 32 KiB of history, so that below 64 KiB a zTOC is about as
/// large as its layer; and a span is downloaded whole when the first byte of any file in it is read,
/// so that above 1 GiB nothing is lazy any more.
const SPAN_SIZES: RangeInclusive<u64> = 64 << 10..=1 << 30;

/// A span size that makes no sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSpanSize(u64);

/// Fails for a span size, in uncompressed bytes, that makes no sense.
pub fn check_span_size(bytes: u64) -> Result<u64, InvalidSpanSize> {
    if SPAN_SIZES.contains(&bytes) {
        Ok(bytes)
    } else {
        Err(InvalidSpanSize(bytes))
    }
}

impl InvalidSpanSize {
    /// What such spans would do.
    pub fn why(&self) -> &'static str {
        if self.0 < *SPAN_SIZES.start() {
            "zTOCs would be as large as their layers"
        } else {
            "a span is downloaded whole for the first byte of a file, so nothing would be lazy"
        }
    }
}

impl fmt::Display for InvalidSpanSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [span, low, high] = [self.0, *SPAN_SIZES.start(), *SPAN_SIZES.end()].map(show_size);
        write!(f, "{span} is not between {low} and {high}")
    }
}

impl std::error::Error for InvalidSpanSize {}
