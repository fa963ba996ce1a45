//! The conversation: STATs and DATA out, REQs in, FIN both ways.
//!
//! Three parts run at a time. A reader task does nothing but take packets off the stream, into a
//! queue without a bound: the daemon sends thousands of tiny requests, and HTTP/2 ends the
//! connection (`too_many_data_frames`) when they are not read at once. A blocking walk announces
//! the entries, and blocking workers read files; both are slowed down by the bounded `outgoing`
//! channel. The async side only moves requests, so the session's health checks are answered.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use tonic::Status;

use super::content::{Job, Workers};
use super::filter::Filter;
use super::record::{SendPass, SendRecord};
use super::stat::has_content;
use super::walk::{Sink, walk};
use super::{SendError, SendRequest, Sent};

/// How long the daemon's own words are waited for when it stops reading.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Sends what `request` asks for, until the daemon has everything and says so. With a `record`,
/// files whose content changed behind the same size and time are sent again.
///
/// Packets go to `outgoing`, which should be bounded (64 to 128): it is the only brake. Dropping
/// the future stops everything that it started.
pub(crate) async fn send<S>(
    request: SendRequest,
    record: Option<Arc<SendRecord>>,
    incoming: S,
    outgoing: mpsc::Sender<Result<Packet, Status>>,
) -> Result<Sent, SendError>
where
    S: Stream<Item = Result<Packet, Status>> + Send + Unpin + 'static,
{
    let outgoing = Outgoing {
        packets: outgoing,
        stopped: Arc::default(),
    };
    let _stop = StopOnDrop(Arc::clone(&outgoing.stopped));
    let (events, mut said) = mpsc::unbounded_channel();
    let _reader = AbortOnDropHandle::new(tokio::spawn(read_packets(incoming, events)));
    let mut result = converse(request, record, &mut said, &outgoing).await;
    if let Err(SendError::Disconnected) = result
        && let Some(reason) = last_words(&mut said).await
    {
        result = Err(reason);
    }
    if let Err(error) = &result
        && let Some(message) = error.for_receiver()
    {
        // If it is gone by now, there is nobody left to tell.
        let _ = outgoing
            .send(packet(PacketType::PacketErr, message.into_bytes()))
            .await;
    }
    result
}

/// What the daemon says.
#[derive(Debug)]
enum Event {
    Request(u32),
    Finished,
    Failed(SendError),
}

async fn read_packets<S>(mut incoming: S, events: mpsc::UnboundedSender<Event>)
where
    S: Stream<Item = Result<Packet, Status>> + Unpin,
{
    loop {
        let event = match incoming.next().await {
            Some(Ok(packet)) => match packet.r#type() {
                PacketType::PacketReq => Event::Request(packet.id),
                PacketType::PacketFin => Event::Finished,
                PacketType::PacketErr => Event::Failed(SendError::Receiver {
                    message: String::from_utf8_lossy(&packet.data).into_owned(),
                }),
                // Not for a sender; fsutil ignores them too.
                PacketType::PacketStat | PacketType::PacketData => continue,
            },
            Some(Err(status)) => Event::Failed(SendError::Stream(Box::new(status))),
            None => Event::Failed(SendError::Disconnected),
        };
        let last = !matches!(event, Event::Request(_));
        if events.send(event).is_err() || last {
            return;
        }
    }
}

async fn converse(
    request: SendRequest,
    record: Option<Arc<SendRecord>>,
    said: &mut mpsc::UnboundedReceiver<Event>,
    outgoing: &Outgoing,
) -> Result<Sent, SendError> {
    let offered = Arc::new(Offered::default());
    let mut workers = Workers::new(request.root.clone(), outgoing.clone());
    let announcer = Announcer {
        offered: Arc::clone(&offered),
        outgoing: outgoing.clone(),
        waiting: Vec::with_capacity(ANNOUNCED_TOGETHER + 1),
    };
    let mut walk =
        tokio::task::spawn_blocking(move || announce(&request, record.as_ref(), announcer));
    let mut walked = None;
    let mut requested = 0;
    loop {
        tokio::select! {
            event = said.recv() => match event {
                Some(Event::Request(id)) => {
                    workers.push(offered.take(id)?);
                    requested += 1;
                }
                Some(Event::Finished) => break,
                Some(Event::Failed(error)) => return Err(error),
                None => return Err(SendError::Disconnected),
            },
            outcome = &mut walk, if walked.is_none() => walked = Some(outcome??),
            error = workers.failure(), if requested > 0 => return Err(error),
        }
    }
    let bytes = workers.finish().await?;
    let (files, pass) = match walked {
        Some(walked) => walked,
        None => walk.await??,
    };
    // The daemon keeps what it received once it has our FIN: by then the record must say so.
    if let Some(pass) = pass {
        tokio::task::spawn_blocking(move || pass.commit()).await?;
    }
    outgoing
        .send(packet(PacketType::PacketFin, Vec::new()))
        .await?;
    Ok(Sent {
        files,
        requested,
        bytes,
    })
}

/// Why the daemon stopped reading, if it says so.
async fn last_words(said: &mut mpsc::UnboundedReceiver<Event>) -> Option<SendError> {
    let failure = async {
        loop {
            match said.recv().await? {
                Event::Failed(error) => return Some(error),
                Event::Request(_) | Event::Finished => {}
            }
        }
    };
    tokio::time::timeout(LAST_WORDS, failure).await.ok()?
}

/// Entries announced in one go. One by one, each would wake the other side, and leave as a frame of
/// its own: that costs more than the walk.
const ANNOUNCED_TOGETHER: usize = 64;

/// Walks the directory and announces its entries, with an empty STAT at the end. Returns how many
/// there were, and the pass to commit when the daemon has them.
fn announce(
    request: &SendRequest,
    record: Option<&Arc<SendRecord>>,
    mut announcer: Announcer,
) -> Result<(u64, Option<SendPass>), SendError> {
    let filter = Filter::new(&request.root, request)?;
    let mut pass = record.map(SendRecord::begin);
    walk(&request.root, &filter, pass.as_mut(), &mut announcer)?;
    let end = packet(PacketType::PacketStat, Vec::new());
    announcer.waiting.push(end);
    announcer.flush()?;
    Ok((announcer.offered.count(), pass))
}

struct Announcer {
    offered: Arc<Offered>,
    outgoing: Outgoing,
    waiting: Vec<Packet>,
}

impl Announcer {
    fn flush(&mut self) -> Result<(), SendError> {
        self.waiting
            .drain(..)
            .try_for_each(|packet| self.outgoing.send_blocking(packet))
    }
}

impl Sink for Announcer {
    fn proceed(&self) -> Result<(), SendError> {
        self.outgoing.check()
    }

    fn entry(&mut self, stat: Stat, socket: bool) -> Result<(), SendError> {
        // Before it is announced: the request may come at once.
        self.offered.add(&stat, socket);
        self.waiting.push(Packet {
            stat: Some(stat),
            ..packet(PacketType::PacketStat, Vec::new())
        });
        if self.waiting.len() < ANNOUNCED_TOGETHER {
            return Ok(());
        }
        self.flush()
    }
}

/// What was announced, by id: the index among all STATs. Each file can be taken once.
#[derive(Debug, Default)]
struct Offered(Mutex<Vec<Offer>>);

#[derive(Debug)]
enum Offer {
    File(Box<str>),
    Socket,
    /// No content, or taken already.
    Nothing,
}

impl Offered {
    fn add(&self, stat: &Stat, socket: bool) {
        let offer = match (has_content(stat.mode), socket) {
            (false, _) => Offer::Nothing,
            (true, true) => Offer::Socket,
            (true, false) => Offer::File(stat.path.as_str().into()),
        };
        self.list().push(offer);
    }

    fn take(&self, id: u32) -> Result<Job, SendError> {
        let mut list = self.list();
        let taken = usize::try_from(id)
            .ok()
            .and_then(|index| list.get_mut(index))
            .map(|offer| std::mem::replace(offer, Offer::Nothing));
        match taken {
            Some(Offer::File(path)) => Ok(Job {
                id,
                path: Some(path),
            }),
            Some(Offer::Socket) => Ok(Job { id, path: None }),
            Some(Offer::Nothing) | None => Err(SendError::UnknownFile { id }),
        }
    }

    fn count(&self) -> u64 {
        self.list().len() as u64
    }

    fn list(&self) -> std::sync::MutexGuard<'_, Vec<Offer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the daemon, for both kinds of threads.
#[derive(Debug, Clone)]
pub(super) struct Outgoing {
    packets: mpsc::Sender<Result<Packet, Status>>,
    /// Set when the transfer is over, for those who would notice late.
    stopped: Arc<AtomicBool>,
}

impl Outgoing {
    /// Fails when the transfer is over.
    pub(super) fn check(&self) -> Result<(), SendError> {
        if self.stopped.load(Ordering::Relaxed) || self.packets.is_closed() {
            return Err(SendError::Disconnected);
        }
        Ok(())
    }

    /// Waits for room; not for async code.
    pub(super) fn send_blocking(&self, packet: Packet) -> Result<(), SendError> {
        self.check()?;
        self.packets
            .blocking_send(Ok(packet))
            .map_err(|_closed| SendError::Disconnected)
    }

    async fn send(&self, packet: Packet) -> Result<(), SendError> {
        self.packets
            .send(Ok(packet))
            .await
            .map_err(|_closed| SendError::Disconnected)
    }
}

struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn packet(kind: PacketType, data: Vec<u8>) -> Packet {
    Packet {
        r#type: kind.into(),
        data,
        ..Packet::default()
    }
}
