//! zlib's inflate, stopping at block boundaries, behind a safe interface.
//!
//! Raw deflate only: no gzip header, no checksum; `spans` does both. The crate `libz-rs-sys` is
//! zlib rewritten in Rust that keeps the C interface, and that interface alone tells at which bit a
//! block ended (`z_stream.data_type`, see `inflate()` in zlib's manual, `zlib.h`). So this is the
//! one file with unsafe code: it hands over pointers that come from slices, for the duration of a
//! call, and nothing else. What panics inside of zlib-rs ends the process, because its functions are
//! `extern "C"`.
#![expect(unsafe_code, reason = "zlib's interface is C's")]

use std::ffi::{CStr, c_int, c_ulong};
use std::ptr;

use libz_rs_sys as z;

/// Raw deflate with a window of 32 KiB.
const WINDOW_BITS: c_int = -15;

/// In `data_type`: the number of bits that are left of the last byte taken.
const UNUSED_BITS: c_int = 0x1f;
/// In `data_type`: inflate is in, or just behind, the last block.
const LAST_BLOCK: c_int = 64;
/// In `data_type`: inflate stopped right behind a block.
const BLOCK_END: c_int = 128;

/// A decompressor for raw deflate streams.
pub(crate) struct Inflate {
    /// Boxed: C's contract is that a `z_stream` stays where it was initialized.
    stream: Box<z::z_stream>,
}

/// What one call of [`Inflate::step`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    /// Bytes taken from the input.
    pub(crate) consumed: usize,
    /// Bytes written to the output.
    pub(crate) produced: usize,
    /// Why it returned.
    pub(crate) stop: Stop,
}

/// Why [`Inflate::step`] returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The input is used up.
    NeedInput,
    /// The output is full.
    NeedOutput,
    /// A block has ended; only if it was asked for.
    BlockEnd {
        /// How many high bits of the last byte taken belong to the next block, 0 to 7.
        bits: u8,
        /// Whether it was the last block; what follows is the end of the stream.
        last: bool,
    },
    /// The stream has ended. Bytes that follow it were not taken.
    StreamEnd,
}

/// The stream is damaged, or memory ran out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct InflateError(pub(crate) String);

impl Inflate {
    /// A decompressor at the beginning of a stream.
    pub(crate) fn new() -> Result<Self, InflateError> {
        let mut stream = Box::<z::z_stream>::default();
        let size = c_int::try_from(size_of::<z::z_stream>()).unwrap_or(c_int::MAX);
        // SAFETY: `stream` is a valid `z_stream` whose allocator fields are unset, which selects
        // Rust's allocator, and the version is the library's own C string.
        let code =
            unsafe { z::inflateInit2_(&raw mut *stream, WINDOW_BITS, z::zlibVersion(), size) };
        if code != z::Z_OK {
            // Nothing was allocated, so nothing is to be ended.
            return Err(failure(&stream, code));
        }
        Ok(Self { stream })
    }

    /// Forgets everything and begins in the middle of a stream, as a snapshotter begins a span.
    ///
    /// `window` is the uncompressed bytes before it, at most the last 32 KiB count; fewer if the
    /// stream itself began less than that before. Of `first_byte`, the byte before the input that
    /// follows, the `bits` highest bits belong to the stream; with 0 bits it has no meaning.
    pub(crate) fn start(
        &mut self,
        window: &[u8],
        bits: u8,
        first_byte: u8,
    ) -> Result<(), InflateError> {
        let window = &window[window.len().saturating_sub(crate::spans::WINDOW)..];
        let length = u32::try_from(window.len()).unwrap_or(0);
        // SAFETY: `stream` was initialized in `new` and is ended only in `drop`.
        let mut code = unsafe { z::inflateReset(&raw mut *self.stream) };
        if code == z::Z_OK && length > 0 {
            // SAFETY: as above; `window` has `length` readable bytes, which are copied.
            code =
                unsafe { z::inflateSetDictionary(&raw mut *self.stream, window.as_ptr(), length) };
        }
        if code == z::Z_OK && (1..8).contains(&bits) {
            let value = c_int::from(first_byte >> (8 - bits));
            // SAFETY: as above.
            code = unsafe { z::inflatePrime(&raw mut *self.stream, c_int::from(bits), value) };
        }
        if code == z::Z_OK {
            Ok(())
        } else {
            Err(failure(&self.stream, code))
        }
    }

    /// Decompresses until the input is used up, the output is full, the stream ends, or, with
    /// `stop_at_blocks`, a block ends. A block end that coincides with the end of the input or of
    /// the output is reported as a block end, once.
    pub(crate) fn step(
        &mut self,
        input: &[u8],
        output: &mut [u8],
        stop_at_blocks: bool,
    ) -> Result<Step, InflateError> {
        // Lengths are 32 bits wide in C; what lies beyond is for the next call.
        let available_in = u32::try_from(input.len()).unwrap_or(u32::MAX);
        let available_out = u32::try_from(output.len()).unwrap_or(u32::MAX);
        self.stream.next_in = input.as_ptr();
        self.stream.avail_in = available_in;
        self.stream.next_out = output.as_mut_ptr();
        self.stream.avail_out = available_out;
        let flush = if stop_at_blocks {
            z::Z_BLOCK
        } else {
            z::Z_NO_FLUSH
        };
        // SAFETY: `stream` was initialized in `new` and is ended only in `drop`. `next_in` and
        // `next_out` point to `avail_in` readable and `avail_out` writable bytes, borrowed for the
        // whole call, and they do not overlap because one borrow is exclusive.
        let code = unsafe { z::inflate(&raw mut *self.stream, flush) };
        let consumed = (available_in - self.stream.avail_in) as usize;
        let produced = (available_out - self.stream.avail_out) as usize;
        let full = self.stream.avail_out == 0;
        let drained = self.stream.avail_in == 0;
        // The pointers must not outlive the borrows here. zlib-rs's own state keeps copies of both,
        // but does not follow them before the next `inflate` has replaced them.
        self.stream.next_in = ptr::null();
        self.stream.avail_in = 0;
        self.stream.next_out = ptr::null_mut();
        self.stream.avail_out = 0;

        let state = self.stream.data_type;
        let stop = match code {
            z::Z_STREAM_END => Stop::StreamEnd,
            // "No progress" may still be a block end: its code was among the bits taken before.
            z::Z_OK | z::Z_BUF_ERROR if stop_at_blocks && state & BLOCK_END != 0 => {
                match u8::try_from(state & UNUSED_BITS) {
                    Ok(bits @ 0..8) => Stop::BlockEnd {
                        bits,
                        last: state & LAST_BLOCK != 0,
                    },
                    _ => return Err(InflateError("a block end at no known bit".to_owned())),
                }
            }
            z::Z_OK | z::Z_BUF_ERROR if full => Stop::NeedOutput,
            z::Z_OK | z::Z_BUF_ERROR if drained => Stop::NeedInput,
            _ => return Err(failure(&self.stream, code)),
        };
        Ok(Step {
            consumed,
            produced,
            stop,
        })
    }
}

impl Drop for Inflate {
    fn drop(&mut self) {
        // SAFETY: `stream` was initialized in `new`, and this is the one place that ends it.
        unsafe { z::inflateEnd(&raw mut *self.stream) };
    }
}

// SAFETY: the stream owns its memory, which came from Rust's global allocator, and shares nothing.
// Between calls zlib-rs's state still holds the pointers to the last input and output, but nothing
// follows them: `inflate` replaces them first, and reset, dictionary, prime and end do not use them.
unsafe impl Send for Inflate {}

impl std::fmt::Debug for Inflate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflate").finish_non_exhaustive()
    }
}

/// The CRC-32 of gzip over `bytes`, after those that gave `crc`; begins with 0.
pub(crate) fn crc32(crc: u32, bytes: &[u8]) -> u32 {
    // SAFETY: `bytes` has `len` readable bytes; a slice's pointer is never null.
    let crc = unsafe { z::crc32_z(c_ulong::from(crc), bytes.as_ptr(), bytes.len()) };
    // A CRC-32 in a `long`: the upper half is zero.
    u32::try_from(crc).unwrap_or(0)
}

/// What zlib says about a failure.
fn failure(stream: &z::z_stream, code: c_int) -> InflateError {
    if !stream.msg.is_null() {
        // SAFETY: where zlib sets a message, it is a C string constant.
        let message = unsafe { CStr::from_ptr(stream.msg) }.to_string_lossy();
        // What its fast path found is overwritten with this, which is about us and untrue.
        return InflateError(match &*message {
            "repeated call with bad state" => "invalid code or distance".to_owned(),
            message => message.to_owned(),
        });
    }
    InflateError(match code {
        z::Z_MEM_ERROR => "out of memory".to_owned(),
        code => format!("inflate gives code {code}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{EMPTY_BLOCK, deflate, text};

    /// Bytes taken and made up to there, bits, whether it is the last.
    type BlockEnd = (usize, usize, u8, bool);

    /// Decompresses with a given amount of input and output at a time, and notes block ends.
    fn run(stream: &[u8], input: usize, output: usize) -> (Vec<u8>, Vec<BlockEnd>) {
        let mut inflate = Inflate::new().unwrap();
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        let mut taken = 0;
        let mut buffer = vec![0; output];
        loop {
            let available = &stream[taken..stream.len().min(taken + input)];
            let step = inflate.step(available, &mut buffer, true).unwrap();
            taken += step.consumed;
            bytes.extend_from_slice(&buffer[..step.produced]);
            match step.stop {
                Stop::BlockEnd { bits, last } => ends.push((taken, bytes.len(), bits, last)),
                Stop::StreamEnd => break,
                Stop::NeedInput => assert_eq!(step.consumed, available.len()),
                Stop::NeedOutput => assert_eq!(step.produced, output),
            }
        }
        assert_eq!(taken, stream.len());
        (bytes, ends)
    }

    #[test]
    fn block_ends_do_not_depend_on_the_pieces() {
        let content = text(400_000, 1);
        let stream = [EMPTY_BLOCK, &deflate(&content, 6)].concat();
        let (bytes, ends) = run(&stream, usize::MAX >> 1, 1 << 20);
        assert!(bytes == content);
        assert!(ends.len() > 4);
        assert_eq!(ends[0], (EMPTY_BLOCK.len(), 0, 0, false));
        let last: Vec<_> = ends.iter().map(|end| end.3).collect();
        assert_eq!(last.iter().position(|&last| last), Some(ends.len() - 1));
        for (input, output) in [(1, 1), (1, 70_000), (5_000, 3), (333, 1_000)] {
            assert!(run(&stream, input, output) == (content.clone(), ends.clone()));
        }
    }

    #[test]
    fn it_starts_at_every_block_end() {
        let content = text(300_000, 2);
        let stream = deflate(&content, 6);
        let (_, ends) = run(&stream, usize::MAX >> 1, 1 << 20);
        let mut inflate = Inflate::new().unwrap();
        for (at, from, bits, last) in ends {
            if last {
                continue;
            }
            inflate
                .start(&content[..from], bits, stream[at - 1])
                .unwrap();
            let mut output = vec![0; content.len() - from];
            let step = inflate.step(&stream[at..], &mut output, false).unwrap();
            assert!(output == content[from..]);
            assert_eq!(step.produced, output.len());
            // The window is needed.
            inflate.start(&[], bits, stream[at - 1]).unwrap();
            let error = inflate.step(&stream[at..], &mut output, false).unwrap_err();
            assert_eq!(error.to_string(), "invalid code or distance");
        }
    }

    #[test]
    fn damage_has_a_name_and_a_fresh_start_ends_it() {
        let mut inflate = Inflate::new().unwrap();
        let mut output = [0; 10];
        let error = inflate.step(&[0x07], &mut output, true).unwrap_err();
        assert_eq!(error, InflateError("invalid block type".to_owned()));
        inflate.start(&[], 0, 0).unwrap();
        let step = inflate
            .step(&deflate(b"fine", 6), &mut output, false)
            .unwrap();
        assert_eq!((step.stop, step.produced), (Stop::StreamEnd, 4));
        assert_eq!(&output[..4], b"fine");
    }

    #[test]
    fn crc32_is_that_of_gzip() {
        assert_eq!(crc32(0, b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(crc32(0, b"1234"), b"56789"), 0xcbf4_3926);
        assert_eq!(crc32(7, b""), 7);
    }
}
