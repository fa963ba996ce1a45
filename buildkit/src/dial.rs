//! Connections to a daemon: HTTP/2 without TLS over a Unix socket or TCP.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;
use tonic::codegen::http::Uri;
use tonic::transport::{Channel, Endpoint};

use crate::{Address, limits};

/// What a failed attempt says.
type DialError = Box<dyn StdError + Send + Sync>;

/// Connects, so that a daemon that is not there is noticed here and not at the first call. Later
/// calls connect again by themselves when the connection has ended.
pub(crate) async fn connect(address: &Address) -> Result<Channel, DialError> {
    match address {
        Address::Unix(path) => unix(path).await,
        Address::Tcp(authority) => tcp(authority).await,
    }
}

async fn unix(path: &Path) -> Result<Channel, DialError> {
    // A first, plain attempt: its error is the system's own, not wrapped in three layers.
    UnixStream::connect(path).await?;
    let path = PathBuf::from(path);
    let connector = tower::service_fn(move |_: Uri| {
        let path = path.clone();
        async move { Ok::<_, io::Error>(TokioIo::new(UnixStream::connect(path).await?)) }
    });
    let endpoint = with_limits(Endpoint::from_static("http://localhost"));
    Ok(endpoint.connect_with_connector(connector).await?)
}

async fn tcp(authority: &str) -> Result<Channel, DialError> {
    let endpoint = with_limits(Endpoint::from_shared(format!("http://{authority}"))?)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(limits::TCP_KEEPALIVE));
    Ok(endpoint.connect().await?)
}

/// No request timeout: it would end a long build.
fn with_limits(endpoint: Endpoint) -> Endpoint {
    endpoint
        .connect_timeout(limits::CONNECT)
        .http2_max_header_list_size(limits::HEADER_LIST_BYTES)
        .initial_connection_window_size(limits::CONNECTION_WINDOW_BYTES)
        .initial_stream_window_size(limits::STREAM_WINDOW_BYTES)
}
