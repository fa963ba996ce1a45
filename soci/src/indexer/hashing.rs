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
use crate::spans::{BUFFER, Mark, SpanDigests};

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
    pub(super) spans: Vec<Digest>,
    /// Of the uncompressed bytes.
    pub(super) uncompressed: Digest,
}

/// The hashing of one layer.
#[derive(Debug)]
pub(super) struct Hashing {
    place: Place,
    compressed: u64,
    spare: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum Place {
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
            place: Place::Here(Box::default()),
            compressed: 0,
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
    pub(super) fn compressed(&mut self, bytes: &[u8], mut marks: Vec<(usize, Mark)>) {
        self.compressed += bytes.len() as u64;
        if let Place::Here(hashes) = &mut self.place {
            hashes.compressed(bytes, &marks);
            if self.compressed >= THREAD_AFTER {
                let hashes = std::mem::take(&mut **hashes);
                self.place = on_a_thread(hashes);
            }
            return;
        }
        let mut rest = bytes;
        let mut start = 0;
        loop {
            let (piece, after) = rest.split_at(rest.len().min(BUFFER));
            let mut buffer = self.buffer();
            if let Some(place) = buffer.get_mut(..piece.len()) {
                place.copy_from_slice(piece);
            }
            let end = start + piece.len();
            let behind = marks.split_off(marks.partition_point(|&(at, _)| at <= end));
            for (at, _) in &mut marks {
                *at -= start;
            }
            self.run(Job {
                buffer,
                bytes: 0..piece.len(),
                what: What::Compressed(marks),
            });
            if after.is_empty() {
                return;
            }
            (rest, start, marks) = (after, end, behind);
        }
    }

    /// The digests.
    pub(super) fn finish(self) -> Hashed {
        match self.place {
            Place::Here(hashes) => hashes.finish(),
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
            Place::Here(hashes) => {
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
