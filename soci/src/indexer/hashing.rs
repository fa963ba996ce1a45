//! The digests of a layer, computed on a thread of their own if it is long enough.
//!
//! Two SHA-256 over the compressed bytes (layer and spans) and one over the uncompressed ones take
//! about as long as decompressing, so that a layer alone uses two cores. The buffers go round: the
//! thread gives them back when it is done with them.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use sha2::{Digest as _, Sha256};

use crate::Digest;
use crate::spans::{BUFFER, Mark, SpanDigest, SpanDigests};

/// Compressed bytes after which a thread is started.
const THREAD_AFTER: u64 = 1 << 20;

/// Jobs that may wait. Each holds a buffer of [`BUFFER`] bytes.
const QUEUE: usize = 8;

/// What was hashed.
#[derive(Debug)]
pub(super) struct Hashed {
    /// Of the compressed bytes.
    pub(super) layer: Digest,
    /// Of the spans.
    pub(super) spans: Vec<SpanDigest>,
    /// Of the uncompressed bytes.
    pub(super) uncompressed: Digest,
}

/// The hashing of one layer.
#[derive(Debug)]
pub(super) struct Hashing {
    place: Place,
    compressed: u64,
    /// Compressed bytes for the thread, until they are worth a job.
    batch: Batch,
    spare: Vec<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Batch {
    /// Empty, or of [`BUFFER`] bytes.
    buffer: Vec<u8>,
    filled: usize,
    marks: Vec<(usize, Mark)>,
}

impl Batch {
    /// Takes as many bytes as there is room for, and returns the others.
    fn take<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let room = self.buffer.get_mut(self.filled..).unwrap_or_default();
        let (taken, rest) = bytes.split_at(bytes.len().min(room.len()));
        if let Some(place) = room.get_mut(..taken.len()) {
            place.copy_from_slice(taken);
        }
        self.filled += taken.len();
        rest
    }
}

#[derive(Debug)]
enum Place {
    /// Here, until there is enough to do.
    First(Box<Hashes>),
    /// Here for good, because there can be no more threads.
    Here(Box<Hashes>),
    Thread(Worker),
}

#[derive(Debug)]
struct Worker {
    jobs: SyncSender<Job>,
    done: Receiver<Vec<u8>>,
    thread: JoinHandle<Hashes>,
}

#[derive(Debug)]
struct Job {
    buffer: Vec<u8>,
    bytes: Range<usize>,
    what: What,
}

#[derive(Debug)]
enum What {
    /// Marks stand at offsets in the job's bytes.
    Compressed(Vec<(usize, Mark)>),
    Uncompressed,
}

#[derive(Debug, Default)]
struct Hashes {
    layer: Sha256,
    spans: SpanDigests,
    uncompressed: Sha256,
}

impl Hashes {
    fn compressed(&mut self, bytes: &[u8], marks: &[(usize, Mark)]) {
        self.layer.update(bytes);
        let mut rest = bytes;
        for &(at, mark) in marks {
            let done = bytes.len() - rest.len();
            let (before, after) = rest
                .split_at_checked(at.saturating_sub(done))
                .unwrap_or((rest, &[]));
            self.spans.update(before);
            self.spans.mark(mark);
            rest = after;
        }
        self.spans.update(rest);
    }

    fn run(&mut self, job: &Job) {
        let bytes = job.buffer.get(job.bytes.clone()).unwrap_or_default();
        match &job.what {
            What::Compressed(marks) => self.compressed(bytes, marks),
            What::Uncompressed => self.uncompressed.update(bytes),
        }
    }

    fn finish(self) -> Hashed {
        Hashed {
            layer: Digest::from_sha256(self.layer.finalize().into()),
            spans: self.spans.finish(),
            uncompressed: Digest::from_sha256(self.uncompressed.finalize().into()),
        }
    }
}

impl Hashing {
    pub(super) fn new() -> Self {
        Self {
            place: Place::First(Box::default()),
            compressed: 0,
            batch: Batch::default(),
            spare: Vec::new(),
        }
    }

    /// A buffer of [`BUFFER`] bytes, whatever they are.
    pub(super) fn buffer(&mut self) -> Vec<u8> {
        if let Place::Thread(worker) = &self.place {
            self.spare.extend(worker.done.try_iter());
        }
        self.spare.pop().unwrap_or_else(|| vec![0; BUFFER])
    }

    /// Hashes uncompressed bytes. The buffer must come from [`Self::buffer`].
    pub(super) fn uncompressed(&mut self, buffer: Vec<u8>, bytes: Range<usize>) {
        self.run(Job {
            buffer,
            bytes,
            what: What::Uncompressed,
        });
    }

    /// Hashes compressed bytes; marks stand at offsets in them, in order.
    pub(super) fn compressed(&mut self, bytes: &[u8], marks: Vec<(usize, Mark)>) {
        self.compressed += bytes.len() as u64;
        match &mut self.place {
            Place::First(hashes) => {
                hashes.compressed(bytes, &marks);
                if self.compressed >= THREAD_AFTER {
                    let hashes = std::mem::take(&mut **hashes);
                    self.place = on_a_thread(hashes);
                }
                return;
            }
            Place::Here(hashes) => return hashes.compressed(bytes, &marks),
            Place::Thread(_) => {}
        }
        let mut rest = bytes;
        let mut marks = marks.into_iter().peekable();
        loop {
            if self.batch.buffer.is_empty() {
                self.batch.buffer = self.buffer();
            }
            let start = bytes.len() - rest.len();
            rest = self.batch.take(rest);
            let end = bytes.len() - rest.len();
            let filled = self.batch.filled;
            while let Some((at, mark)) = marks.next_if(|&(at, _)| at <= end) {
                let at = filled - (end - at.max(start));
                self.batch.marks.push((at, mark));
            }
            if rest.is_empty() {
                return;
            }
            self.send_batch();
        }
    }

    /// Passes on the compressed bytes that were gathered.
    fn send_batch(&mut self) {
        let Batch {
            buffer,
            filled,
            marks,
        } = std::mem::take(&mut self.batch);
        if filled > 0 || !marks.is_empty() {
            self.run(Job {
                buffer,
                bytes: 0..filled,
                what: What::Compressed(marks),
            });
        }
    }

    /// The digests.
    pub(super) fn finish(mut self) -> Hashed {
        self.send_batch();
        match self.place {
            Place::First(hashes) | Place::Here(hashes) => hashes.finish(),
            Place::Thread(Worker { jobs, thread, .. }) => {
                drop(jobs);
                match thread.join() {
                    Ok(hashes) => hashes.finish(),
                    Err(panic) => resume_unwind(panic),
                }
            }
        }
    }

    fn run(&mut self, job: Job) {
        match &mut self.place {
            Place::First(hashes) | Place::Here(hashes) => {
                hashes.run(&job);
                self.spare.push(job.buffer);
            }
            // It refuses jobs only after a panic, with which `finish` goes on.
            Place::Thread(worker) => drop(worker.jobs.send(job)),
        }
    }
}

/// Moves the hashing to a thread, if there can be one more.
fn on_a_thread(hashes: Hashes) -> Place {
    let (start, started) = sync_channel(1);
    let (jobs, queue) = sync_channel::<Job>(QUEUE);
    let (give_back, done) = sync_channel(2 * QUEUE);
    let work = move || {
        let mut hashes: Hashes = started.recv().unwrap_or_default();
        while let Ok(job) = queue.recv() {
            hashes.run(&job);
            // If nobody wants it back, it is freed.
            drop(give_back.try_send(job.buffer));
        }
        hashes
    };
    match thread::Builder::new()
        .name("soci-hash".to_owned())
        .spawn(work)
    {
        Ok(thread) => {
            drop(start.send(hashes));
            Place::Thread(Worker { jobs, done, thread })
        }
        Err(_) => Place::Here(Box::new(hashes)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_thread_it_goes_on_here() {
        let bytes = vec![7; 3 << 20];
        let mut hashing = Hashing {
            // As after an attempt that failed.
            place: Place::Here(Box::default()),
            ..Hashing::new()
        };
        for piece in bytes.chunks(BUFFER) {
            hashing.compressed(piece, Vec::new());
            assert!(matches!(hashing.place, Place::Here(_)));
        }
        assert_eq!(hashing.finish().layer, Digest::of(&bytes));
    }

    /// Lets marks fall at the ends and middles of pieces, across the start of the thread.
    #[test]
    fn the_thread_changes_nothing() {
        let bytes: Vec<u8> = (0..750_000_u32)
            .flat_map(|n| n.wrapping_mul(n).to_be_bytes())
            .collect();
        let cuts = [0, 10, 65_536, 65_536 * 3, 1_500_000, 2_999_999];
        let mut whole = Hashes::default();
        let mut marks = Vec::new();
        for cut in cuts {
            marks.push((
                cut,
                Mark::Begin {
                    shared: cut % 4 == 0 && cut > 0,
                },
            ));
            marks.push((cut, Mark::Commit));
        }
        whole.compressed(&bytes, &marks);
        whole.uncompressed.update(&bytes[..2_000_000]);
        let whole = whole.finish();
        assert_eq!(whole.spans.len(), cuts.len());

        for piece in [1000, 65_536, 700_000, bytes.len()] {
            let mut hashing = Hashing::new();
            let mut left = marks.as_slice();
            let mut at = 0;
            for piece in bytes.chunks(piece) {
                let count = left.partition_point(|&(mark, _)| mark <= at + piece.len());
                let (now, later) = left.split_at(count);
                let now = now.iter().map(|&(mark, what)| (mark - at, what)).collect();
                hashing.compressed(piece, now);
                left = later;
                at += piece.len();
            }
            for piece in bytes[..2_000_000].chunks(BUFFER - 7) {
                let mut buffer = hashing.buffer();
                buffer[7..7 + piece.len()].copy_from_slice(piece);
                hashing.uncompressed(buffer, 7..7 + piece.len());
            }
            let hashed = hashing.finish();
            assert_eq!(hashed.layer, Digest::of(&bytes));
            assert_eq!(hashed.spans, whole.spans);
            assert_eq!(hashed.uncompressed, whole.uncompressed);
        }
    }
}
