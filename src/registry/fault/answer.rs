//! Answers as values, before they are sent or spoiled.

use std::time::Duration;

use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use hyper::{Response, StatusCode};

use super::store::Refusal;
use crate::image::Digest;

/// The body of what is sent.
pub(super) type SentBody = UnsyncBoxBody<Bytes, Cut>;

/// The connection is cut, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("cut on purpose")]
pub(super) struct Cut;

/// What the registry has to say.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Bytes,
    /// A HEAD request: the body's length counts, the body is not sent.
    pub(super) head: bool,
}

impl Answer {
    pub(super) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            head: false,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn digest(self, digest: Digest) -> Self {
        self.with("docker-content-digest", digest.to_string())
    }

    pub(super) fn body(mut self, content_type: &str, body: Bytes) -> Self {
        self.body = body;
        self.with("content-type", content_type)
    }

    pub(super) fn json(self, value: &serde_json::Value) -> Self {
        self.body("application/json", value.to_string().into())
    }

    pub(super) fn error(status: u16, code: &str, message: &str) -> Self {
        let errors = serde_json::json!({
            "errors": [{"code": code, "message": message, "detail": {}}]
        });
        Self::new(status).json(&errors)
    }

    pub(super) fn drop_header(&mut self, name: &str) {
        self.headers.retain(|(header, _)| *header != name);
    }

    /// The answer for hyper. `cut` bytes of the body are sent before the connection breaks.
    pub(super) fn send(self, cut: Option<usize>) -> Response<SentBody> {
        let mut response = Response::builder()
            .status(StatusCode::from_u16(self.status).unwrap_or(StatusCode::IM_A_TEAPOT))
            .header("content-length", self.body.len());
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = match cut {
            _ if self.head => Full::default()
                .map_err(|never| match never {})
                .boxed_unsync(),
            None => Full::new(self.body)
                .map_err(|never| match never {})
                .boxed_unsync(),
            Some(after) => {
                let kept = self.body.slice(..after.min(self.body.len()));
                let part = stream::iter([Ok(Frame::data(kept))]);
                // What was said so far is on its way before the connection breaks.
                let end = stream::once(async {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    Err(Cut)
                });
                StreamBody::new(part.chain(end)).boxed_unsync()
            }
        };
        response.body(body).unwrap_or_else(|_| {
            Response::new(
                Full::default()
                    .map_err(|never| match never {})
                    .boxed_unsync(),
            )
        })
    }
}

impl From<Refusal> for Answer {
    fn from(Refusal(status, code, message): Refusal) -> Self {
        Self::error(status, code, &message)
    }
}
