//! From a connection to a request, through login and faults to an answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming as Body;
use hyper::header::HeaderMap;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::answer::{Answer, Cut, SentBody};
use super::faults::{Fault, Request};
use super::route::{Part, Route};
use super::{Shared, State, blobs, login, manifests};
use crate::image::Digest;

/// A request that was read completely.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) method: Method,
    pub(super) path: String,
    query: String,
    headers: HeaderMap,
    pub(super) body: Bytes,
    /// It came to the storage server.
    pub(super) storage: bool,
}

impl Incoming {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        Some(self.headers.get(name)?.to_str().ok()?.to_owned())
    }

    /// All values of a header that is a list.
    pub(super) fn header_values(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(|value| value.trim().to_owned())
            .collect()
    }

    /// A field of the query.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let found = fields(&self.query).into_iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    fn seen(&self) -> Request {
        Request {
            method: self.method.to_string(),
            path: self.path.clone(),
            query: self.query.clone(),
            authorization: self
                .header("authorization")
                .and_then(|value| Some(value.split_once(' ')?.0.to_owned())),
            range: self
                .header("range")
                .or_else(|| self.header("content-range")),
            size: self.body.len() as u64,
            storage: self.storage,
            status: None,
        }
    }
}

fn fields(query: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://x/?{query}"));
    url.map(|url| url.query_pairs().into_owned().collect())
        .unwrap_or_default()
}

/// Serves connections until the task is dropped.
pub(super) async fn accept(listener: TcpListener, shared: Arc<Shared>, storage: bool) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        connections.spawn(async move {
            let service = service_fn(|request| handle(&shared, request, storage));
            // How a client leaves, or is thrown out, is no concern of the server.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn handle(
    shared: &Shared,
    request: hyper::Request<Body>,
    storage: bool,
) -> Result<Response<SentBody>, Cut> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Cut)?.to_bytes();
    let request = Incoming {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
        storage,
    };
    let (fault, number) = {
        let mut state = shared.state();
        let fault = state.rules.take(request.method.as_str(), &request.path);
        state.log.push(request.seen());
        (fault, state.log.len() - 1)
    };
    let (answer, cut) = faulty(shared, &request, fault).await?;
    if let Some(entry) = shared.state().log.get_mut(number) {
        entry.status = Some(answer.status);
    }
    Ok(answer.send(cut))
}

/// The answer, spoiled if need be, and after how many bytes it breaks off.
async fn faulty(
    shared: &Shared,
    request: &Incoming,
    fault: Option<Fault>,
) -> Result<(Answer, Option<usize>), Cut> {
    let Some(fault) = fault else {
        return Ok((answer(shared, request), None));
    };
    match fault {
        Fault::Reset => return Err(Cut),
        Fault::Stall => {
            tokio::time::sleep(Duration::from_hours(1)).await;
            return Err(Cut);
        }
        Fault::Delay(time) => tokio::time::sleep(time).await,
        Fault::Redirect(url) => return Ok((Answer::new(307).with("location", url), None)),
        Fault::Unauthorized => {
            let state = shared.state();
            let host = shared.address.to_string();
            let (name, actions) = needed(&request.method, &Route::parse(&request.path));
            let answer = login::challenge(&state.quirks.login, &host, name.as_deref(), actions);
            return Ok((answer, None));
        }
        Fault::Refuse {
            status,
            code,
            message,
            retry_after,
        } => {
            let mut answer = Answer::error(status, &code, &message);
            answer.head = request.method == Method::HEAD;
            if let Some(wait) = retry_after {
                answer = answer.with("retry-after", wait);
            }
            return Ok((answer, None));
        }
        _ => {}
    }
    let mut answer = answer(shared, request);
    let mut cut = None;
    match fault {
        Fault::LoseAnswer => return Err(Cut),
        Fault::CutBody(after) => cut = Some(after),
        Fault::Shorten(length) => answer.body.truncate(length),
        Fault::Corrupt => {
            let mut body = answer.body.to_vec();
            if let Some(last) = body.last_mut() {
                *last = last.wrapping_add(1);
            }
            answer.body = body.into();
        }
        Fault::WrongDigest => {
            answer.drop_header("docker-content-digest");
            answer = answer.digest(Digest::of("something else"));
        }
        Fault::DropHeader(name) => answer.drop_header(name),
        _ => {}
    }
    Ok((answer, cut))
}

/// What a healthy registry answers.
fn answer(shared: &Shared, request: &Incoming) -> Answer {
    let mut state = shared.state();
    let mut answer = healthy(shared, &mut state, request);
    answer.head = request.method == Method::HEAD;
    if state.quirks.no_digest_header {
        answer.drop_header("docker-content-digest");
    }
    answer
}

fn healthy(shared: &Shared, state: &mut State, request: &Incoming) -> Answer {
    let route = Route::parse(&request.path);
    let authorization = request.header("authorization");
    if request.storage {
        return storage(shared, state, request, &route);
    }
    let State {
        quirks,
        store,
        tokens,
        ..
    } = state;
    if route == Route::Token {
        let mut given = fields(&request.query);
        given.extend(fields(&String::from_utf8_lossy(&request.body)));
        return login::hand_out(&quirks.login, tokens, authorization.as_deref(), &given);
    }
    let (name, actions) = needed(&request.method, &route);
    let name = name.as_deref();
    if !login::may(
        &quirks.login,
        tokens,
        authorization.as_deref(),
        name,
        actions,
    ) {
        return login::challenge(&quirks.login, &host(shared.address), name, actions);
    }
    let Route::In(name, part) = route else {
        return match route {
            Route::Root => Answer::new(200).json(&serde_json::json!({})),
            _ => Answer::error(404, "UNSUPPORTED", "there is nothing here"),
        };
    };
    let known = match &quirks.repositories {
        Some(names) => names.contains(&name),
        None => store.exists(&name) || !matches!(request.method, Method::GET | Method::HEAD),
    };
    if !known {
        let message = format!("The repository with name '{name}' does not exist in the registry");
        return Answer::error(404, "NAME_UNKNOWN", &message);
    }
    match part {
        Part::Manifest(target) => manifests::manifest(state, request, &name, &target),
        Part::Tags => manifests::tags(state, request, &name),
        Part::Referrers(subject) => manifests::referrers(state, &name, &subject),
        Part::Blob(digest) => blobs::blob(shared, state, request, &name, &digest),
        Part::Uploads => blobs::start(state, request, &name),
        Part::Upload(id) => blobs::upload(state, request, &name, id),
    }
}

/// The storage server refuses a request that carries credentials, as S3 does.
fn storage(shared: &Shared, state: &State, request: &Incoming, route: &Route) -> Answer {
    if request.header("authorization").is_some() {
        let message = "Only one auth mechanism allowed";
        return Answer::error(400, "InvalidArgument", message);
    }
    if request.field("signature").as_deref() != Some("planted-signature") {
        return Answer::error(403, "AccessDenied", "no signature");
    }
    match route {
        Route::In(name, Part::Blob(digest)) => blobs::blob(shared, state, request, name, digest),
        _ => Answer::error(404, "NoSuchKey", "no such key"),
    }
}

fn host(address: SocketAddr) -> String {
    address.to_string()
}

/// The repository and the actions that a request needs a scope for.
fn needed(method: &Method, route: &Route) -> (Option<String>, &'static [&'static str]) {
    let Route::In(name, _) = route else {
        return (None, &[]);
    };
    let actions: &[&str] = match *method {
        Method::GET | Method::HEAD => &["pull"],
        Method::DELETE => &["delete"],
        _ => &["pull", "push"],
    };
    (Some(name.clone()), actions)
}
