//! The fake on a loopback port, in the process that started it.
//!
//! It has a runtime of its own, so that tests need none; what an operation does runs where it may block.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::ops::Deref;

use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

use crate::Ecr;
use crate::call::answer;
use crate::ecr::REGION;
use crate::wire::Breaker;

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
    let Ok((stream, breaker)) = Breaker::new(stream) else {
        return;
    };
    let service = service_fn(move |request| answer(ecr.clone(), breaker.clone(), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}
