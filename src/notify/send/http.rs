//! Posting: what is tried again, for how long, and what is said of a failure.
//!
//! A post is repeated when the service has not taken it: it asks to wait (429), takes nothing now (503),
//! or there was no connection at all. One whose answer was lost is not, and a 500, 502 or 504 is such a
//! loss: the message may be in the room. All tries together stay within the block's timeout, which the caller holds; waits are a few seconds at most.

use std::error::Error as _;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use reqwest::{Response, StatusCode, Url};

use super::service::Refusal;
use super::{Delivery, SendError, Sleep};
use crate::config::is_loopback;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The waits before a further try.
const WAITS: [Duration; 3] = [
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];
/// The longest `Retry-After` that is waited for.
const LONGEST: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read.
const ANSWER: usize = 4 << 10;

/// One post to a service.
pub(super) struct Request {
    /// The service's name in errors.
    pub(super) service: &'static str,
    /// Where to; may be a secret.
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
    /// What a refusal means, from its status and body.
    pub(super) refusal: fn(u16, &str) -> Refusal,
    /// The message's id in an answer.
    pub(super) id: fn(&str) -> Option<String>,
}

/// What became of one try.
enum Attempt {
    Delivered(Delivery),
    Failed(SendError),
    /// Worth another try, at the earliest after this time.
    Again(SendError, Option<Duration>),
}

/// The HTTP clients: one for the world, one for this machine, which uses no proxy.
#[derive(Debug, Default)]
pub(super) struct Http {
    world: OnceLock<reqwest::Client>,
    loopback: OnceLock<reqwest::Client>,
}

impl Http {
    /// Posts until the message is delivered or there is no hope.
    pub(super) async fn deliver(
        &self,
        request: &Request,
        sleep: &Sleep,
    ) -> Result<Delivery, SendError> {
        for wait in WAITS.map(Some).into_iter().chain([None]) {
            match self.attempt(request).await {
                Attempt::Delivered(delivery) => return Ok(delivery),
                Attempt::Failed(error) => return Err(error),
                Attempt::Again(error, asked) => {
                    let Some(wait) = wait else {
                        return Err(error);
                    };
                    if asked.is_some_and(|asked| asked > LONGEST) {
                        return Err(error);
                    }
                    sleep(asked.unwrap_or(wait)).await;
                }
            }
        }
        Err(SendError::Throttled {
            service: request.service,
            seconds: None,
        })
    }

    async fn attempt(&self, request: &Request) -> Attempt {
        let client = match self.client(&request.url) {
            Ok(client) => client,
            Err(error) => return Attempt::Failed(unreachable(request, error)),
        };
        let post = client
            .post(request.url.clone())
            .headers(request.headers.clone())
            .body(request.body.clone());
        let response = match post.send().await {
            Ok(response) => response,
            Err(error) => {
                let connected = !error.is_connect();
                let error = unreachable(request, error);
                return if connected {
                    Attempt::Failed(error)
                } else {
                    Attempt::Again(error, None)
                };
            }
        };
        let status = response.status();
        let service = request.service;
        if status == StatusCode::TOO_MANY_REQUESTS {
            let asked = retry_after(response.headers());
            let seconds = asked.map(|asked| asked.as_secs());
            return Attempt::Again(SendError::Throttled { service, seconds }, asked);
        }
        if status.is_server_error() {
            let error = SendError::Unavailable {
                service,
                status: status.as_u16(),
            };
            return if status == StatusCode::SERVICE_UNAVAILABLE {
                Attempt::Again(error, None)
            } else {
                Attempt::Failed(error)
            };
        }
        let body = beginning(response).await;
        if status.is_success() {
            // Also when the rest of the answer was lost: the service has taken the message.
            let id = (request.id)(&body);
            return Attempt::Delivered(Delivery { id });
        }
        let (answer, hint) = (request.refusal)(status.as_u16(), &body);
        Attempt::Failed(SendError::Refused {
            service,
            status: status.as_u16(),
            answer,
            hint,
        })
    }

    /// Made when first needed: loading the system's certificates takes a while. Redirects are not
    /// followed: a secret goes nowhere else.
    fn client(&self, url: &Url) -> Result<&reqwest::Client, reqwest::Error> {
        let local = is_loopback(url);
        let cell = if local { &self.loopback } else { &self.world };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("launchway/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT);
        if local {
            builder = builder.no_proxy();
        }
        let client = builder.build()?;
        Ok(cell.get_or_init(|| client))
    }
}

/// The innermost cause says it best, and none of them holds the address.
fn unreachable(request: &Request, error: reqwest::Error) -> SendError {
    let error = error.without_url();
    let mut cause = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        cause = source.to_string();
        next = source.source();
    }
    let host = request.url.host_str().unwrap_or_default().to_owned();
    SendError::Unreachable {
        service: request.service,
        host,
        cause,
    }
}

/// Seconds; a date, which no service here sends, is ignored.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}

async fn beginning(mut response: Response) -> String {
    let mut bytes = Vec::new();
    while let Ok(Some(part)) = response.chunk().await {
        let room = ANSWER - bytes.len();
        bytes.extend_from_slice(&part[..part.len().min(room)]);
        if bytes.len() == ANSWER {
            break;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
