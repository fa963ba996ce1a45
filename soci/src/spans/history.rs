//! Where uncompressed bytes go: a window of history, and buffers that are handed on when full.

use std::ops::Range;

use super::WINDOW;
use super::digests::Mark;

/// Length of the buffers into which is decompressed: the window, and some more.
pub(crate) const BUFFER: usize = WINDOW + (256 << 10);

/// Takes what comes out of a gzip stream.
pub(crate) trait Sink {
    /// A buffer of [`BUFFER`] bytes, whatever they are.
    fn buffer(&mut self) -> Vec<u8>;
    /// The next uncompressed bytes are these of the buffer.
    fn uncompressed(&mut self, buffer: Vec<u8>, bytes: Range<usize>);
    /// Something about spans after `at` bytes of the compressed stream. In order.
    fn mark(&mut self, at: u64, mark: Mark);
}

/// The last uncompressed bytes.
#[derive(Debug)]
pub(super) struct History {
    /// At least [`WINDOW`] bytes of history (zeros before the first), then what is new.
    buffer: Vec<u8>,
    /// Bytes of `buffer` that the sink does not have yet.
    fresh: Range<usize>,
}

impl History {
    pub(super) fn new(sink: &mut impl Sink) -> Self {
        let mut buffer = sink.buffer();
        buffer.clear();
        buffer.resize(BUFFER, 0);
        Self {
            buffer,
            fresh: WINDOW..WINDOW,
        }
    }

    /// Room for the next bytes: at least one and at most `limit`, which is not 0.
    pub(super) fn room(&mut self, limit: usize, sink: &mut impl Sink) -> &mut [u8] {
        if self.fresh.end >= self.buffer.len() {
            self.hand_over(sink);
        }
        let room = self.buffer.get_mut(self.fresh.end..).unwrap_or_default();
        let length = room.len().min(limit);
        room.get_mut(..length).unwrap_or_default()
    }

    /// So many bytes were written to the room.
    pub(super) fn advance(&mut self, length: usize) {
        self.fresh.end += length;
    }

    /// The last [`WINDOW`] bytes.
    pub(super) fn window(&self) -> &[u8] {
        let window = self.fresh.end.saturating_sub(WINDOW)..self.fresh.end;
        self.buffer.get(window).unwrap_or_default()
    }

    /// Gives the sink what it does not have yet, and keeps the window.
    pub(super) fn hand_over(&mut self, sink: &mut impl Sink) {
        if self.fresh.is_empty() {
            return;
        }
        let mut buffer = sink.buffer();
        buffer.resize(BUFFER, 0);
        if let Some(place) = buffer.get_mut(..WINDOW) {
            place.copy_from_slice(self.window());
        }
        let full = std::mem::replace(&mut self.buffer, buffer);
        let fresh = std::mem::replace(&mut self.fresh, WINDOW..WINDOW);
        sink.uncompressed(full, fresh);
    }
}
