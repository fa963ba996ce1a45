//! Reads requested files and sends them as DATA packets: a few blocking workers on one queue.

use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use bollard_buildkit_proto::fsutil::types::Packet;
use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use rustix::buffer::spare_capacity;
use rustix::fs::OFlags;
use rustix::io::{Errno, read, retry_on_intr};
use tokio::task::JoinSet;

use super::SendError;
use super::follow::is_gone;
use super::sender::Outgoing;

/// Files that are read at a time; fsutil's number.
const WORKERS: usize = 4;

/// The most content in a packet.
const CHUNK: usize = 64 * 1024;

/// A requested file.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) id: u32,
    /// Relative to the root. `None` for what can only be sent as an empty file.
    pub(super) path: Option<Box<str>>,
}

/// The workers of one transfer. They start with the first requests, and end when this is closed
/// or dropped, or when sending becomes impossible.
#[derive(Debug)]
pub(super) struct Workers {
    tasks: JoinSet<Result<u64, SendError>>,
    queue: mpsc::Sender<Job>,
    jobs: Arc<Mutex<mpsc::Receiver<Job>>>,
    root: PathBuf,
    outgoing: Outgoing,
}

impl Workers {
    pub(super) fn new(root: PathBuf, outgoing: Outgoing) -> Self {
        let (queue, jobs) = mpsc::channel();
        Self {
            tasks: JoinSet::new(),
            queue,
            jobs: Arc::new(Mutex::new(jobs)),
            root,
            outgoing,
        }
    }

    /// Queues a file. The queue is not bounded: see the head of `sender`.
    pub(super) fn push(&mut self, job: Job) {
        if self.tasks.len() < WORKERS {
            let jobs = Arc::clone(&self.jobs);
            let root = self.root.clone();
            let outgoing = self.outgoing.clone();
            self.tasks
                .spawn_blocking(move || work(&jobs, &root, &outgoing));
        }
        // This side holds the receiver too, so it cannot be gone.
        let _ = self.queue.send(job);
    }

    /// The error of a worker that gave up. Never returns while all is well.
    pub(super) async fn failure(&mut self) -> SendError {
        match self.tasks.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Err(died)) => died.into(),
            // No worker ends before the queue is closed.
            Some(Ok(Ok(_))) | None => std::future::pending().await,
        }
    }

    /// Waits until everything queued is sent. Returns the bytes of content.
    pub(super) async fn finish(self) -> Result<u64, SendError> {
        let Self {
            mut tasks, queue, ..
        } = self;
        drop(queue);
        let mut bytes = 0;
        while let Some(worker) = tasks.join_next().await {
            bytes += worker??;
        }
        Ok(bytes)
    }
}

fn work(
    jobs: &Mutex<mpsc::Receiver<Job>>,
    root: &Path,
    outgoing: &Outgoing,
) -> Result<u64, SendError> {
    let mut bytes = 0;
    loop {
        // The lock is held while waiting: the others wait for it instead of for a job.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { id, path }) = job else {
            return Ok(bytes);
        };
        if let Some(path) = path {
            bytes += send_content(id, &path, root, outgoing)?;
        }
        outgoing.send_blocking(data(id, Vec::new()))?;
    }
}

/// Sends what the file has now; its size at the time of its STAT does not matter. Nothing, if it
/// vanished or became something else.
fn send_content(id: u32, path: &str, root: &Path, outgoing: &Outgoing) -> Result<u64, SendError> {
    let failed = |source: io::Error| SendError::read(path, source);
    let Some(file) = open_regular(&root.join(path)).map_err(failed)? else {
        return Ok(0);
    };
    let expected = file.metadata().map_err(failed)?.len();
    let mut sent = 0u64;
    loop {
        // One byte more than expected shows the end without another read.
        let left = usize::try_from(expected.saturating_sub(sent)).unwrap_or(CHUNK);
        let mut chunk = Vec::with_capacity(left.saturating_add(1).clamp(64, CHUNK));
        let capacity = chunk.capacity();
        let count = retry_on_intr(|| read(&file, spare_capacity(&mut chunk)))
            .map_err(|error| failed(error.into()))?;
        if count == 0 {
            return Ok(sent);
        }
        outgoing.send_blocking(data(id, chunk))?;
        sent += count as u64;
        if count < capacity {
            return Ok(sent);
        }
    }
}

/// Opens a regular file. Neither follows a link nor waits at a pipe that took its place.
fn open_regular(path: &Path) -> io::Result<Option<std::fs::File>> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path);
    match opened {
        Ok(file) => Ok(file.metadata()?.is_file().then_some(file)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error)
            if [Errno::LOOP, Errno::NXIO]
                .iter()
                .any(|errno| error.raw_os_error() == Some(errno.raw_os_error())) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn data(id: u32, data: Vec<u8>) -> Packet {
    Packet {
        r#type: PacketType::PacketData.into(),
        id,
        data,
        ..Packet::default()
    }
}
