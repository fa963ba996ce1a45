//! The way back from the daemon to us: an HTTP/2 connection inside a gRPC call.
//!
//! `Control.Session` is a stream of byte messages in both directions. In it the daemon is the HTTP/2
//! client and we are the server. Nothing but bytes is handled here.

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bollard_buildkit_proto::health::health_server::HealthServer;
use bollard_buildkit_proto::moby::buildkit::v1::BytesMessage;
use bollard_buildkit_proto::moby::filesync::v1::auth_server::AuthServer;
use bollard_buildkit_proto::moby::filesync::v1::file_sync_server::FileSyncServer;
use bytes::Bytes;
use futures::{Stream, StreamExt as _, stream};
use tokio::io::{
    AsyncRead, AsyncReadExt as _, AsyncWrite, Join, ReadBuf, SimplexStream, WriteHalf,
};
use tokio::task::JoinHandle;
use tokio_util::io::StreamReader;
use tokio_util::sync::CancellationToken;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::transport::Server;
use tonic::transport::server::Connected;
use tonic::{Request, Status};

use super::Shared;
use super::auth::Auth;
use super::content::{Content, ContentServer};
use super::files::Files;
use super::health::Health;
use super::links::Identity;
use crate::{Client, Error, limits};

/// What the daemon may call on every tunnel. It asks for folders only those that list them.
const METHODS: [&str; 2] = [
    "/grpc.health.v1.Health/Check",
    "/moby.filesync.v1.FileSync/DiffCopy",
];
/// And on the first tunnel.
const AUTH_METHODS: [&str; 1] = ["/moby.filesync.v1.Auth/Credentials"];
const CONTENT_METHODS: [&str; 6] = [
    "/containerd.services.content.v1.Content/Write",
    "/containerd.services.content.v1.Content/Info",
    "/containerd.services.content.v1.Content/List",
    "/containerd.services.content.v1.Content/Status",
    "/containerd.services.content.v1.Content/ListStatuses",
    "/containerd.services.content.v1.Content/Abort",
];

/// Opens the call and serves the session on it until `closed` is cancelled, which also happens
/// here when the daemon ends the call.
pub(super) async fn open(
    client: &Client,
    shared: Arc<Shared>,
    identity: Identity,
    closed: CancellationToken,
) -> Result<JoinHandle<()>, Error> {
    let (reader, writer) = tokio::io::simplex(limits::TUNNEL_BUFFER_BYTES);
    let mut request = Request::new(messages(reader).take_until(closed.clone().cancelled_owned()));
    *request.metadata_mut() = metadata(&shared, &identity)
        .map_err(|error| client.call_error("Session", Status::invalid_argument(error)))?;
    let response = client.control().session(request).await;
    let incoming = response
        .map_err(|status| client.call_error("Session", status))?
        .into_inner();
    let bytes = incoming.map(|message| match message {
        Ok(message) => Ok(Bytes::from(message.data)),
        Err(status) => Err(io::Error::other(status)),
    });
    let bytes: ByteStream = Box::pin(bytes.take_until(closed.clone().cancelled_owned()));
    let bytes: ByteStream = Box::pin(end_with(bytes, closed.clone()));
    let pipe = Pipe(tokio::io::join(StreamReader::new(bytes), writer));
    Ok(tokio::spawn(serve(pipe, shared, identity, closed)))
}

fn metadata(shared: &Shared, identity: &Identity) -> Result<MetadataMap, String> {
    let value = |text: &str| {
        text.parse::<AsciiMetadataValue>()
            .map_err(|_| format!("not a header value: {text:?}"))
    };
    let mut metadata = MetadataMap::new();
    metadata.insert("x-docker-expose-session-uuid", value(&identity.id)?);
    metadata.insert(
        "x-docker-expose-session-sharedkey",
        value(&identity.shared_key)?,
    );
    let mut methods = METHODS.to_vec();
    if identity.is_first() {
        methods.extend(AUTH_METHODS);
        if shared.config.blobs.is_some() {
            methods.extend(CONTENT_METHODS);
        }
    }
    for method in methods {
        metadata.append(
            "x-docker-expose-session-grpc-method",
            AsciiMetadataValue::from_static(method),
        );
    }
    Ok(metadata)
}

/// What our server writes, in messages as large as there is to say: every message costs the daemon
/// a wake-up, and HTTP/2 writes many small pieces.
fn messages(
    reader: tokio::io::ReadHalf<SimplexStream>,
) -> impl Stream<Item = BytesMessage> + Send + 'static {
    stream::unfold(reader, |mut reader| async {
        let mut data = Vec::with_capacity(limits::TUNNEL_MESSAGE_BYTES);
        match reader.read_buf(&mut data).await {
            Ok(1..) => Some((BytesMessage { data }, reader)),
            Ok(0) | Err(_) => None,
        }
    })
}

/// Passes a stream on and cancels the token at its end.
fn end_with(
    bytes: ByteStream,
    closed: CancellationToken,
) -> impl Stream<Item = io::Result<Bytes>> + Send {
    stream::unfold((bytes, closed.drop_guard()), |(mut bytes, guard)| async {
        let item = bytes.next().await?;
        Some((item, (bytes, guard)))
    })
}

/// Serves a tunnel's services on one connection.
async fn serve<P>(pipe: P, shared: Arc<Shared>, identity: Identity, closed: CancellationToken)
where
    P: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
{
    let first = identity.is_first();
    let files = Files {
        shared: Arc::clone(&shared),
        shared_key: identity.shared_key,
        context: identity.context,
    };
    let files = FileSyncServer::new(files)
        .max_decoding_message_size(limits::MESSAGE_BYTES)
        .max_encoding_message_size(limits::MESSAGE_BYTES);
    let mut server = Server::builder()
        .http2_max_header_list_size(limits::HEADER_LIST_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES);
    let mut router = server
        .add_service(HealthServer::new(Health))
        .add_service(files);
    if first {
        router = router.add_service(AuthServer::new(Auth(Arc::clone(&shared))));
        if let Some(blobs) = shared.config.blobs.clone() {
            let content = ContentServer::new(Content::new(blobs))
                .max_decoding_message_size(limits::MESSAGE_BYTES)
                .max_encoding_message_size(limits::MESSAGE_BYTES);
            router = router.add_service(content);
        }
    }
    // tonic shuts down when there are no more connections to come: so the next one never comes.
    let connections = stream::once(async { Ok::<_, Infallible>(pipe) }).chain(stream::pending());
    // What could fail here is accepting a connection, and there is only the one.
    let _ = router
        .serve_with_incoming_shutdown(connections, closed.cancelled_owned())
        .await;
}

type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// The two directions as one connection.
struct Pipe(Join<StreamReader<ByteStream, Bytes>, WriteHalf<SimplexStream>>);

impl Connected for Pipe {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

impl AsyncRead for Pipe {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests;
