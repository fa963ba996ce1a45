//! The fake on a loopback port, in the process that started it.
//!
//! It has a runtime of its own, so that tests need none; what an operation does runs where it may block.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::Ecr;
use crate::ecr::REGION;
use crate::error::ApiError;
use crate::operation::{Done, carry_out};
use crate::world::Caller;

/// An [`Ecr`] that serves its API over HTTP, until it is dropped.
#[derive(Debug)]
pub struct FakeEcr {
    ecr: Ecr,
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl FakeEcr {
    /// Begins to serve a new, empty fake on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// There is no port, or no thread.
    pub fn start() -> io::Result<Self> {
        Self::serve(Ecr::new(), 0)
    }

    /// Begins to serve this fake on a port of 127.0.0.1; 0 takes a free one.
    ///
    /// # Errors
    /// The port is taken, or there is no thread.
    pub fn serve(ecr: Ecr, port: u16) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("fake-ecr")
            .enable_all()
            .build()?;
        // No `block_on`: a test may start it inside a runtime.
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        runtime.spawn(accept(listener, ecr.clone()));
        Ok(Self {
            ecr,
            address,
            runtime: Some(runtime),
        })
    }

    /// `http://127.0.0.1:PORT`
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What a process needs to use it as its ECR: endpoint, region and a made-up key. Other services are not
    /// concerned: `AWS_ENDPOINT_URL` may be another fake's.
    pub fn environment(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL_ECR", self.endpoint()),
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "planted-aws-key".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ]
    }
}

impl Deref for FakeEcr {
    type Target = Ecr;

    fn deref(&self) -> &Ecr {
        &self.ecr
    }
}

impl Drop for FakeEcr {
    fn drop(&mut self) {
        // Not waiting: it may be dropped inside another runtime, and calls may be held.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, ecr: Ecr) {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(connection(stream, ecr.clone()));
        }
    }
}

/// Serves one connection until it closes. A client that goes away is none of our concern.
async fn connection(stream: TcpStream, ecr: Ecr) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| answer(ecr.clone(), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}

async fn answer(ecr: Ecr, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.method() == Method::GET && request.uri().path() == "/stats" {
        let stats = serde_json::to_vec(&ecr.stats()).unwrap_or_default();
        return Ok(response(200, stats));
    }
    let (operation, caller) = read_head(&ecr, &request);
    let body = match request.into_body().collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let error = ApiError::new("SerializationException", error.to_string());
            return Ok(response(400, error.body()));
        }
    };
    let (account, region) = (&caller.account, &caller.region);
    let open = ecr.shared.ledger.open(&operation, account, region, &body);
    let work = tokio::task::spawn_blocking(move || {
        let done = carry_out(ecr.world_lock(), &caller, &operation, &body)?;
        ecr.tell(&done.deletions);
        Ok(done)
    });
    let done: Result<Done, ApiError> = match work.await {
        Ok(done) => done,
        Err(panic) => Err(ApiError {
            status: 500,
            code: "ServerException".into(),
            message: format!("the fake panicked: {panic}"),
        }),
    };
    drop(open);
    Ok(match done {
        Ok(done) => response(200, done.body),
        Err(error) => response(error.status, error.body()),
    })
}

fn response(status: u16, body: Vec<u8>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = hyper::header::HeaderValue::from_static("application/x-amz-json-1.1");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// The operation, and who calls: `Credential=KEY/DATE/REGION/ecr/aws4_request` in the signature.
fn read_head(ecr: &Ecr, request: &Request<Incoming>) -> (String, Caller) {
    let header = |name: &str| {
        let value = request.headers().get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let target = header("x-amz-target");
    let operation = target
        .strip_prefix("AmazonEC2ContainerRegistry_V20150921.")
        .unwrap_or(target);
    let scope = header(AUTHORIZATION.as_str()).split_once("Credential=");
    let mut scope = scope.map_or("", |(_, scope)| scope).split('/');
    let (key, _date, region) = (scope.next(), scope.next(), scope.next());
    let caller = Caller {
        account: ecr.account_of(key.unwrap_or_default()),
        region: region.unwrap_or(REGION).to_owned(),
    };
    (operation.to_owned(), caller)
}
