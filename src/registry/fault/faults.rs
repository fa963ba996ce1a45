//! What can be made to go wrong, with which requests, and the log of them.

use std::time::Duration;

/// One request, as it was seen. Secrets are not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path without query.
    pub path: String,
    /// The query, empty if there was none.
    pub query: String,
    /// `Basic` or `Bearer`, if there was an `Authorization`.
    pub authorization: Option<String>,
    /// The `Range` or `Content-Range` header.
    pub range: Option<String>,
    /// The body's size.
    pub size: u64,
    /// It came to the storage server, not to the registry.
    pub storage: bool,
    /// What was answered; `None` if the connection was cut instead.
    pub status: Option<u16>,
}

/// Some requests: those with a method and a part of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requests {
    method: String,
    part: String,
}

impl Requests {
    /// Requests with this method (`*` for any) whose path contains `part`.
    pub fn new(method: &str, part: &str) -> Self {
        Self {
            method: method.to_owned(),
            part: part.to_owned(),
        }
    }

    pub(super) fn matches(&self, method: &str, path: &str) -> bool {
        (self.method == "*" || self.method == method) && path.contains(&self.part)
    }

    pub(super) fn match_log(&self, request: &Request) -> bool {
        self.matches(&request.method, &request.path)
    }
}

/// What goes wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not handled; the answer is an error of this status, code and message.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The `code` in the answer's list.
        code: String,
        /// Its `message`.
        message: String,
        /// The `Retry-After` header: seconds or a date.
        retry_after: Option<String>,
    },
    /// It is not handled; the connection is cut.
    Reset,
    /// It is handled, but the connection is cut instead of an answer.
    LoseAnswer,
    /// It is handled; the answer's body breaks off after so many bytes, and the connection too.
    CutBody(usize),
    /// It is handled; the answer is only this much of its body, and its length agrees with that.
    Shorten(usize),
    /// It is handled; one byte of the answer's body is another one.
    Corrupt,
    /// It is handled; the answer names the digest of something else.
    WrongDigest,
    /// It is handled, but the answer lacks this header (lower case).
    DropHeader(&'static str),
    /// It is handled, later.
    Delay(Duration),
    /// It is not handled, nor answered while the client waits.
    Stall,
    /// It is refused as if its login were wrong, with the usual challenge.
    Unauthorized,
    /// It is answered with a redirect to this URL.
    Redirect(String),
}

impl Fault {
    /// 503 without more.
    pub fn unavailable() -> Self {
        Self::refuse(503, "UNAVAILABLE", "the registry is being restarted")
    }

    /// An error of this status, code and message.
    pub fn refuse(status: u16, code: &str, message: &str) -> Self {
        Self::Refuse {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            retry_after: None,
        }
    }

    /// 429 with this `Retry-After`.
    pub fn too_many_requests(retry_after: &str) -> Self {
        Self::Refuse {
            status: 429,
            code: "TOOMANYREQUESTS".to_owned(),
            message: "Rate exceeded".to_owned(),
            retry_after: Some(retry_after.to_owned()),
        }
    }
}

/// The faults that wait for their requests.
#[derive(Debug, Default)]
pub(super) struct Rules(Vec<(Requests, Fault, u32)>);

impl Rules {
    pub(super) fn add(&mut self, requests: Requests, fault: Fault, times: u32) {
        self.0.push((requests, fault, times));
    }

    /// The fault for a request, which is used up by it.
    pub(super) fn take(&mut self, method: &str, path: &str) -> Option<Fault> {
        let rule = self
            .0
            .iter_mut()
            .find(|(requests, _, left)| *left > 0 && requests.matches(method, path))?;
        rule.2 -= 1;
        Some(rule.1.clone())
    }
}
