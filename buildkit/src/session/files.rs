//! `moby.filesync.v1.FileSync`: the daemon reads our folders.
//!
//! This decides which folder is meant and what of it; [`filesync`] walks and sends.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bollard_buildkit_proto::fsutil::types::Packet;
use bollard_buildkit_proto::moby::filesync::v1::file_sync_server::FileSync;
use futures::stream::Empty;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use tokio_stream::wrappers::{ReceiverStream, UnboundedReceiverStream};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status, Streaming};

use super::auth::causes;
use super::filesync::{self, SendRecord, SendRequest};
use super::roots::Root;
use super::{Shared, memory};
use crate::limits;

/// What a session has sent, in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Transfers {
    /// How often the daemon asked for a folder on disk. An ignore file, a Dockerfile and a context
    /// are three requests.
    pub calls: u64,
    /// Files and folders that were described.
    pub files: u64,
    /// Files whose content was sent, because the daemon did not have it.
    pub requested: u64,
    /// Bytes of that content.
    pub bytes: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    calls: AtomicU64,
    files: AtomicU64,
    requested: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    pub(super) fn get(&self) -> Transfers {
        Transfers {
            calls: self.calls.load(Ordering::Relaxed),
            files: self.files.load(Ordering::Relaxed),
            requested: self.requested.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }

    fn add(&self, sent: &filesync::Sent) {
        self.files.fetch_add(sent.files, Ordering::Relaxed);
        self.requested.fetch_add(sent.requested, Ordering::Relaxed);
        self.bytes.fetch_add(sent.bytes, Ordering::Relaxed);
    }
}

/// The folders that one tunnel serves.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) shared: Arc<Shared>,
    /// The tunnel's part of the daemon's key for its copies.
    pub(super) shared_key: String,
    /// What the daemon calls `context`. `None` for the first tunnel: the daemon falls back to it
    /// when the tunnel of a context is gone, and an error is better than the wrong folder.
    pub(super) context: Option<Root>,
}

/// The name of a build's main folder.
const CONTEXT: &str = "context";

type Incoming = UnboundedReceiverStream<Result<Packet, Status>>;
type Outgoing = mpsc::Sender<Result<Packet, Status>>;

#[tonic::async_trait]
impl FileSync for Files {
    type DiffCopyStream = ReceiverStream<Result<Packet, Status>>;
    type TarStreamStream = Empty<Result<Packet, Status>>;

    async fn diff_copy(
        &self,
        request: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::DiffCopyStream>, Status> {
        let wanted = Wanted::from_metadata(request.metadata())?;
        let root = if wanted.dir_name == CONTEXT {
            self.context.clone()
        } else {
            self.shared.roots.find(&wanted.dir_name)
        };
        let root = root.ok_or_else(|| {
            Status::not_found(format!("this session has no folder {:?}", wanted.dir_name))
        })?;
        let record = match &root {
            Root::Directory(_) => {
                self.shared
                    .record(&self.shared_key, &wanted.dir_name)
                    .await?
            }
            Root::Files(_) => None,
        };
        let incoming = drain(request.into_inner());
        let (outgoing, packets) = mpsc::channel(limits::PACKETS_IN_FLIGHT);
        let shared = Arc::clone(&self.shared);
        tokio::spawn(send(shared, root, wanted, record, incoming, outgoing));
        Ok(Response::new(ReceiverStream::new(packets)))
    }

    async fn tar_stream(
        &self,
        _: Request<Streaming<Packet>>,
    ) -> Result<Response<Self::TarStreamStream>, Status> {
        Err(Status::unimplemented("only DiffCopy is served"))
    }
}

/// Reads the receiver's packets as they come, whatever the sender is doing. There are thousands of
/// tiny ones, and HTTP/2 closes a connection on which about a hundred stay unread.
fn drain(mut packets: Streaming<Packet>) -> Incoming {
    let (queue, incoming) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let packet = match packets.message().await {
                Ok(Some(packet)) => Ok(packet),
                Ok(None) => return,
                Err(status) => Err(status),
            };
            let failed = packet.is_err();
            if queue.send(packet).is_err() || failed {
                return;
            }
        }
    });
    UnboundedReceiverStream::new(incoming)
}

async fn send(
    shared: Arc<Shared>,
    root: Root,
    wanted: Wanted,
    record: Option<Arc<SendRecord>>,
    incoming: Incoming,
    outgoing: Outgoing,
) {
    let result = match root {
        Root::Files(files) => memory::send(&files, &wanted.follow, incoming, &outgoing).await,
        Root::Directory(path) => {
            send_directory(&shared, path, wanted, record, incoming, outgoing.clone()).await
        }
    };
    if let Err(status) = result {
        // Nobody listens when the daemon has cancelled the transfer; that is all right.
        let _ = outgoing.send(Err(status)).await;
    }
}

async fn send_directory(
    shared: &Shared,
    path: PathBuf,
    wanted: Wanted,
    record: Option<Arc<SendRecord>>,
    incoming: Incoming,
    outgoing: Outgoing,
) -> Result<(), Status> {
    shared.transfers.calls.fetch_add(1, Ordering::Relaxed);
    let mut exclude = wanted.exclude;
    exclude.extend(hidden_patterns(&shared.config.hidden, &path));
    let request = SendRequest {
        root: path,
        include: wanted.include,
        exclude,
        follow: wanted.follow,
    };
    let result = filesync::send(request, record.clone(), incoming, outgoing).await;
    if let Some(trouble) = record.and_then(|record| record.trouble()) {
        shared.warn(causes(&trouble));
    }
    match result {
        Ok(sent) => {
            shared.transfers.add(&sent);
            Ok(())
        }
        Err(error) => Err(Status::unknown(causes(&error))),
    }
}

/// The hidden paths below `root`, as exclude patterns. They come last, so no `!` brings them back.
fn hidden_patterns<'a>(hidden: &'a [PathBuf], root: &'a Path) -> impl Iterator<Item = String> + 'a {
    let inside = hidden
        .iter()
        .filter_map(move |path| path.strip_prefix(root).ok());
    inside.filter_map(|path| {
        let text = path.to_str().filter(|text| !text.is_empty())?;
        let mut pattern = String::new();
        for c in text.chars() {
            if matches!(c, '*' | '?' | '[' | ']' | '\\' | '!' | '#') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        Some(pattern)
    })
}

impl Shared {
    /// The record of what was sent under a name. The daemon has a copy of the folder for every
    /// shared key and name, and one more for every kind of request (ignore file, context); one
    /// record serves the kinds, because it never gives two contents the same time. Transfers that
    /// run at once share it.
    async fn record(
        &self,
        shared_key: &str,
        dir_name: &str,
    ) -> Result<Option<Arc<SendRecord>>, Status> {
        let Some(directory) = self.config.sync_records.clone() else {
            return Ok(None);
        };
        let mut hash = Sha256::new();
        for part in [&self.config.engine_id, shared_key, dir_name] {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        }
        let key = hex::encode(hash.finalize());
        let mut records = self.records.lock().await;
        if let Some(record) = records.get(&key) {
            return Ok(Some(Arc::clone(record)));
        }
        let name = key.clone();
        // It is a file, and reading it may block.
        let record = tokio::task::spawn_blocking(move || SendRecord::open(&directory, &name))
            .await
            .map_err(|error| Status::internal(error.to_string()))?;
        records.insert(key, Arc::clone(&record));
        Ok(Some(record))
    }
}

/// What a request's metadata asks for.
#[derive(Debug, Default, PartialEq)]
struct Wanted {
    dir_name: String,
    include: Vec<String>,
    exclude: Vec<String>,
    follow: Vec<String>,
}

impl Wanted {
    fn from_metadata(metadata: &MetadataMap) -> Result<Self, Status> {
        Ok(Self {
            dir_name: values(metadata, "dir-name")?
                .into_iter()
                .next()
                .unwrap_or_default(),
            include: values(metadata, "include-patterns")?,
            exclude: values(metadata, "exclude-patterns")?,
            follow: values(metadata, "followpaths")?,
        })
    }
}

/// All values of a key. When a value is not plain ASCII the daemon escapes all of them as in a
/// URL's query and says so under `<key>-encoded`.
fn values(metadata: &MetadataMap, key: &str) -> Result<Vec<String>, Status> {
    let encoded = metadata
        .get(format!("{key}-encoded").as_str())
        .is_some_and(|flag| flag == "1");
    metadata
        .get_all(key)
        .iter()
        .map(|value| {
            let text = value.to_str().ok().map(str::to_owned);
            if encoded {
                text.as_deref().and_then(query_unescape)
            } else {
                text
            }
        })
        .map(|value| value.ok_or_else(|| Status::invalid_argument(format!("{key} is not text"))))
        .collect()
}

/// Go's `url.QueryUnescape`; `None` for a broken escape or text that is not UTF-8.
fn query_unescape(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let (digits, after) = rest.split_at_checked(2)?;
                bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
                rest = after;
            }
            other => bytes.push(*other),
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_repeated_and_escaped_metadata() {
        let mut metadata = MetadataMap::new();
        metadata.insert("dir-name", "ab-context".parse().unwrap());
        metadata.append("exclude-patterns", "*.md".parse().unwrap());
        metadata.append("exclude-patterns", "a+b%20".parse().unwrap());
        metadata.insert("followpaths-encoded", "1".parse().unwrap());
        metadata.append("followpaths", "a+b%2Fgr%C3%BCn".parse().unwrap());
        let wanted = Wanted::from_metadata(&metadata).unwrap();
        assert_eq!(wanted.dir_name, "ab-context");
        assert_eq!(wanted.exclude, ["*.md", "a+b%20"]);
        assert_eq!(wanted.follow, ["a b/grün"]);
        assert_eq!(wanted.include, [""; 0]);
    }

    #[test]
    fn refuses_broken_escapes() {
        for text in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(query_unescape(text), None, "{text}");
        }
        assert_eq!(query_unescape("%25").as_deref(), Some("%"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_paths_become_literal_patterns_of_their_root() {
        let hidden = ["/p/out", "/p/a/w[1]*", "/elsewhere/x", "/p"].map(PathBuf::from);
        let patterns: Vec<String> = hidden_patterns(&hidden, Path::new("/p")).collect();
        assert_eq!(patterns, ["out", r"a/w\[1\]\*"]);
    }
}
