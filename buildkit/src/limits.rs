//! Every limit of the wire in one place, for calls to the daemon and for the tunnel back.
//!
//! The defaults of tonic and hyper are too small for what BuildKit sends: ignore patterns and
//! failing Dockerfiles travel in headers and trailers (a 42 KB `.dockerignore` passes 16 KiB),
//! and the daemon's own message limit is 16 MiB. No limit here is a deadline for a request: a
//! build may take as long as it takes.

use std::time::Duration;

/// Largest gRPC message in either direction; the daemon's own limit.
pub(crate) const MESSAGE_BYTES: usize = 16 << 20;

/// Largest header or trailer list in either direction.
pub(crate) const HEADER_LIST_BYTES: u32 = 16 << 20;

/// HTTP/2 window of a connection. h2 also derives from it how many small unread frames it
/// forgives before it closes the connection with `too_many_data_frames`.
pub(crate) const CONNECTION_WINDOW_BYTES: u32 = 16 << 20;

/// HTTP/2 window of one stream.
pub(crate) const STREAM_WINDOW_BYTES: u32 = 4 << 20;

/// Bytes that the tunnel holds between our HTTP/2 server and the call that carries them.
pub(crate) const TUNNEL_BUFFER_BYTES: usize = 512 << 10;

/// Most bytes in one message of the tunnel.
pub(crate) const TUNNEL_MESSAGE_BYTES: usize = 128 << 10;

/// Packets of a file transfer that wait for the tunnel.
pub(crate) const PACKETS_IN_FLIGHT: usize = 64;

/// A connection attempt that takes longer has failed.
pub(crate) const CONNECT: Duration = Duration::from_secs(10);

/// Keep-alive of a TCP connection. HTTP/2 pings are not used: the daemon closes connections that
/// ping more often than every five minutes.
pub(crate) const TCP_KEEPALIVE: Duration = Duration::from_secs(30);

/// How long the status stream may stay silent after a solve has ended.
pub(crate) const STATUS_DRAIN: Duration = Duration::from_secs(5);

/// The same when the solve failed before its first status: the daemon may never have known it.
pub(crate) const STATUS_DRAIN_UNSEEN: Duration = Duration::from_millis(500);

/// How long closing a session waits for the daemon's calls into it.
pub(crate) const SESSION_CLOSE: Duration = Duration::from_secs(2);
