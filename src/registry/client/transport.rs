//! Sending: connections, redirects, one answer to a 401, and repeating what failed for a moment.

use std::sync::OnceLock;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::BoxStream;
use reqwest::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Body, Method, Response, StatusCode, Url};

use super::answer::{Answer, text};
use super::authorize::{Authenticator, Authorization, Purpose};
use super::endpoint::{is_loopback, same_origin};
use super::scope::{Access, ScopeSet};
use super::{Client, Error, ErrorKind};
use crate::registry::Repository;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How many redirects are followed.
const REDIRECTS: usize = 5;
/// The slowest upload that is waited for, in bytes per second.
const SLOWEST_UPLOAD: u64 = 32 << 10;

/// The HTTP clients: one for the world, one for this machine, which uses no proxy.
#[derive(Debug)]
pub(super) struct Http {
    user_agent: String,
    timeout: Duration,
    world: OnceLock<reqwest::Client>,
    loopback: OnceLock<reqwest::Client>,
}

/// A request body that can be sent several times.
#[derive(Clone, Debug, Default)]
pub(super) enum Payload {
    /// No body.
    #[default]
    Empty,
    /// A body in memory.
    Bytes(Bytes),
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        if text.is_empty() {
            Self::Empty
        } else {
            Self::Bytes(text.into())
        }
    }
}

/// An answer's head, with what it answers.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) method: Method,
    pub(super) response: Response,
}

/// A request to a registry.
#[derive(Clone, Debug)]
pub(super) struct Call<'a> {
    pub(super) repository: &'a Repository,
    /// The registry's `/v2/`; credentials go to its origin alone.
    pub(super) root: Url,
    pub(super) scopes: ScopeSet,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) payload: Payload,
}

impl Call<'_> {
    /// The same repository and permissions, another method and URL, nothing else.
    pub(super) fn to(&self, method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            payload: Payload::Empty,
            ..self.clone()
        }
    }

    /// The headers for a request to `url`: credentials go to the registry alone.
    pub(super) fn headers_for(&self, url: &Url, authorization: Option<&HeaderValue>) -> HeaderMap {
        let mut headers = self.headers.clone();
        if let Some(value) = authorization.filter(|_| same_origin(url, &self.root)) {
            headers.insert(AUTHORIZATION, value.clone());
        }
        headers
    }

    /// An error about this call's answer.
    pub(super) fn error(&self, kind: ErrorKind) -> Error {
        Error::new(kind, &self.method, &self.url).with_repository(self.repository)
    }
}

impl Http {
    pub(super) fn new(user_agent: String, timeout: Duration) -> Self {
        Self {
            user_agent,
            timeout,
            world: OnceLock::new(),
            loopback: OnceLock::new(),
        }
    }

    /// Made when first needed: loading the system's certificates takes a while.
    fn client(&self, url: &Url) -> Result<&reqwest::Client, reqwest::Error> {
        let local = url.host_str().is_some_and(is_loopback);
        let cell = if local { &self.loopback } else { &self.world };
        if let Some(client) = cell.get() {
            return Ok(client);
        }
        let mut builder = reqwest::Client::builder()
            .user_agent(self.user_agent.as_str())
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT);
        if local {
            builder = builder.no_proxy();
        }
        let client = builder.build()?;
        Ok(cell.get_or_init(|| client))
    }

    /// Sends one request and waits for the answer's head.
    pub(super) async fn send(
        &self,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        payload: Payload,
    ) -> Result<Sent, Error> {
        let size = match &payload {
            Payload::Empty => 0,
            Payload::Bytes(bytes) => bytes.len() as u64,
        };
        let body = match payload {
            Payload::Empty => Body::default(),
            Payload::Bytes(bytes) => Body::from(bytes),
        };
        self.send_body(method, url, headers, body, size).await
    }

    /// Sends a body that can be sent only once.
    pub(super) async fn send_stream(
        &self,
        method: &Method,
        url: &Url,
        mut headers: HeaderMap,
        body: BoxStream<'static, Result<Bytes, Error>>,
        size: u64,
    ) -> Result<Sent, Error> {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(size));
        let body = Body::wrap_stream(body);
        self.send_body(method, url, headers, body, size).await
    }

    async fn send_body(
        &self,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: Body,
        size: u64,
    ) -> Result<Sent, Error> {
        let failed = |error| Error::http(error, method, url);
        let client = self.client(url).map_err(failed)?;
        let request = client
            .request(method.clone(), url.clone())
            .headers(headers)
            .body(body);
        let patience = self.timeout + Duration::from_secs(size / SLOWEST_UPLOAD);
        let response = tokio::time::timeout(patience, request.send())
            .await
            .map_err(|_| Error::new(ErrorKind::Timeout, method, url))?
            .map_err(failed)?;
        Ok(Sent {
            method: method.clone(),
            response,
        })
    }

    /// The next bytes of a body.
    pub(super) async fn part(
        &self,
        method: &Method,
        response: &mut Response,
    ) -> Result<Option<Bytes>, Error> {
        match tokio::time::timeout(self.timeout, response.chunk()).await {
            Ok(Ok(part)) => Ok(part),
            Ok(Err(error)) => Err(Error::http(error, method, response.url())),
            Err(_) => Err(Error::new(ErrorKind::Timeout, method, response.url())),
        }
    }
}

impl Client {
    /// A call to `/v2/<repository><rest>`.
    pub(super) fn prepare<'a>(
        &self,
        repository: &'a Repository,
        access: Access,
        method: Method,
        rest: &str,
    ) -> Result<Call<'a>, Error> {
        let root = self.inner.endpoints.root(repository);
        let root = root.map_err(|error| Error::address(&method, repository, error))?;
        let mut url = root.clone();
        url.set_path(&format!("{}{}{rest}", root.path(), repository.path()));
        Ok(Call {
            repository,
            root,
            scopes: ScopeSet::of(repository, access),
            method,
            url,
            headers: HeaderMap::new(),
            payload: Payload::Empty,
        })
    }

    /// Makes a call until it succeeds or is refused for good, and reads the body.
    pub(super) async fn call(&self, call: &Call<'_>, limit: u64) -> Result<Answer, Error> {
        let mut retries = self.inner.retry.start();
        loop {
            let result = match self.attempt(call).await {
                Ok(sent) => self.inner.http.read(sent, limit).await,
                Err(error) => Err(error),
            };
            match result {
                Ok(answer) => return Ok(answer),
                Err(error) => retries.pause(error).await?,
            }
        }
    }

    /// Makes a call once (twice if the login had to be renewed); an answer that is no success is
    /// an error.
    pub(super) async fn attempt(&self, call: &Call<'_>) -> Result<Sent, Error> {
        self.authorized(call, |authorization| self.follow(call, authorization))
            .await
    }

    /// Runs `send` with the right `Authorization`, and once more if that was refused.
    pub(super) async fn authorized<F>(
        &self,
        call: &Call<'_>,
        send: impl Fn(Option<HeaderValue>) -> F,
    ) -> Result<Sent, Error>
    where
        F: Future<Output = Result<Sent, Error>>,
    {
        let http = &self.inner.http;
        let authenticator = &self.inner.authenticator;
        let purpose = Purpose {
            repository: call.repository,
            scopes: &call.scopes,
            root: &call.root,
        };
        let ours = |error: Error| error.with_repository(call.repository);
        let authorized = authenticator.authorize(http, purpose).await;
        let mut used = authorized.map_err(ours)?;
        let mut sent = send(used.header.clone()).await.map_err(ours)?;
        // Only the registry itself may ask for its credentials.
        let asked = same_origin(sent.response.url(), &call.root);
        if sent.response.status() == StatusCode::UNAUTHORIZED && asked {
            let headers = sent.response.headers();
            let next = authenticator.again(http, purpose, headers, &used).await;
            if let Some(next) = next.map_err(ours)? {
                used = next;
                sent = send(used.header.clone()).await.map_err(ours)?;
            }
        }
        if sent.response.status().is_success() {
            return Ok(sent);
        }
        Err(self.refused(call, sent, &used).await)
    }

    async fn refused(&self, call: &Call<'_>, sent: Sent, used: &Authorization) -> Error {
        let ours = same_origin(sent.response.url(), &call.root);
        let unauthorized = sent.response.status() == StatusCode::UNAUTHORIZED;
        let error = self.inner.http.refusal(sent, &used.secrets()).await;
        match (ours, unauthorized) {
            (true, true) => Authenticator::refused(call.repository, used, error)
                .with_repository(call.repository),
            (true, false) => error.with_repository(call.repository),
            // A storage server's refusal says nothing about permissions on the repository.
            (false, _) => error,
        }
    }

    /// Sends, and for reads follows redirects. Credentials go to the registry alone: storage
    /// servers that it redirects to get signed URLs, and would log or refuse anything more.
    async fn follow(
        &self,
        call: &Call<'_>,
        authorization: Option<HeaderValue>,
    ) -> Result<Sent, Error> {
        let mut url = call.url.clone();
        for _ in 0..=REDIRECTS {
            let headers = call.headers_for(&url, authorization.as_ref());
            let payload = call.payload.clone();
            let http = &self.inner.http;
            let sent = http.send(&call.method, &url, headers, payload).await?;
            let reads = call.method == Method::GET || call.method == Method::HEAD;
            if !sent.response.status().is_redirection() || !reads {
                return Ok(sent);
            }
            let Some(location) = text(sent.response.headers(), LOCATION) else {
                return Ok(sent);
            };
            let next = url.join(location).ok();
            let Some(next) = next.filter(|next| matches!(next.scheme(), "http" | "https")) else {
                let problem = "the registry redirects to something that is no http or https URL";
                return Err(call.error(ErrorKind::Protocol(problem)));
            };
            if url.scheme() == "https" && next.scheme() == "http" {
                let problem = "the registry redirects from https to http";
                return Err(call.error(ErrorKind::Protocol(problem)));
            }
            url = next;
        }
        Err(call.error(ErrorKind::Protocol("the registry redirects in circles")))
    }
}
