//! Answers on the wire: whole ones, and ones that break off with a reset connection.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// How long a client has to read the first half before the connection breaks.
const HALF: Duration = Duration::from_millis(20);

/// The connection was cut on purpose.
#[derive(Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// A second handle of a connection's socket, to have it reset when it closes.
#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    twin: Arc<Mutex<Option<std::net::TcpStream>>>,
}

impl Breaker {
    /// Gives the stream back with a breaker for it.
    pub(crate) fn new(stream: TcpStream) -> io::Result<(TcpStream, Self)> {
        let stream = stream.into_std()?;
        let twin = stream.try_clone()?;
        let twin = Arc::new(Mutex::new(Some(twin)));
        Ok((TcpStream::from_std(stream)?, Self { twin }))
    }

    /// From now on closing the connection resets it: what the client has not got yet is lost.
    pub(crate) fn arm(&self) {
        let twin = self
            .twin
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let twin = twin.and_then(|twin| TcpStream::from_std(twin).ok());
        if let Some(twin) = twin {
            // Without it the connection ends in order, but still early.
            let _ = twin.set_zero_linger();
        }
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) enum Answer {
    Whole(Option<Bytes>),
    /// Says that it is `length` long, and is not.
    Half {
        part: Option<Bytes>,
        length: u64,
        pause: Pin<Box<Sleep>>,
        breaker: Breaker,
    },
}

impl Answer {
    pub(crate) fn whole(body: impl Into<Bytes>) -> Self {
        Self::Whole(Some(body.into()))
    }

    pub(crate) fn half(body: impl Into<Bytes>, breaker: Breaker) -> Self {
        let mut part = body.into();
        let length = part.len() as u64;
        part.truncate(part.len() / 2);
        Self::Half {
            part: Some(part),
            length,
            pause: Box::pin(tokio::time::sleep(HALF)),
            breaker,
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Whole(body) => Poll::Ready(body.take().map(|body| Ok(Frame::data(body)))),
            Self::Half {
                part,
                pause,
                breaker,
                ..
            } => {
                if let Some(part) = part.take() {
                    return Poll::Ready(Some(Ok(Frame::data(part))));
                }
                std::task::ready!(pause.as_mut().poll(context));
                breaker.arm();
                Poll::Ready(Some(Err(Cut)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(match self {
            Self::Whole(body) => body.as_ref().map_or(0, |body| body.len() as u64),
            Self::Half { part, length, .. } => match part {
                Some(_) => *length,
                None => *length - *length / 2,
            },
        })
    }
}
