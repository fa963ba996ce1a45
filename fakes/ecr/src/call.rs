//! The way of a call: from its request, past the faults that a test set, to its answer.

use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde_json::Value;

use crate::Ecr;
use crate::ecr::REGION;
use crate::error::ApiError;
use crate::fault::{Fault, Moment, throttled};
use crate::ledger::read_call;
use crate::operation::{Done, carry_out, empty_page};
use crate::wire::{Answer, Breaker, Cut};
use crate::world::Caller;

/// Answers a request, or cuts the connection.
pub(crate) async fn answer(
    ecr: Ecr,
    breaker: Breaker,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Cut> {
    if request.method() == Method::GET && request.uri().path() == "/stats" {
        let stats = serde_json::to_vec(&ecr.stats()).unwrap_or_default();
        return Ok(response(200, Answer::whole(stats)));
    }
    let (operation, caller) = read_head(&ecr, &request);
    let body = request.into_body().collect().await.map_err(|_| Cut)?;
    let body = body.to_bytes();
    let shared = &*ecr.shared;
    let (account, region) = (&caller.account, &caller.region);
    let _open = shared.ledger.open(&operation, account, region, &body);
    let admitted = shared.rates.admits(&operation, Instant::now());
    if let Some(delay) = ecr.delay() {
        tokio::time::sleep(delay).await;
    }
    if !admitted {
        shared.ledger.throttled();
        return Ok(refusal(&throttled()));
    }
    shared.gates.pass(&operation, Moment::BeforeWork).await;
    let (world, name) = (ecr.clone(), operation.clone());
    let work = tokio::task::spawn_blocking(move || work(&world, &caller, &name, &body));
    let (done, fault) = match work.await {
        Ok(worked) => worked,
        Err(panic) => (Err(panicked(&panic)), None),
    };
    if fault == Some(Fault::Throttled) {
        shared.ledger.throttled();
    }
    shared.gates.pass(&operation, Moment::BeforeAnswer).await;
    match (done, fault) {
        (_, Some(Fault::Reset | Fault::ResetAfterWork)) => {
            breaker.arm();
            Err(Cut)
        }
        (Ok(done), Some(Fault::ResetInBody)) => Ok(response(200, Answer::half(done.body, breaker))),
        (Ok(done), _) => Ok(response(200, Answer::whole(done.body))),
        (Err(error), _) => Ok(refusal(&error)),
    }
}

/// Runs the hooks, finds the call's fault, and does what the fault leaves to do. It may block.
fn work(
    ecr: &Ecr,
    caller: &Caller,
    operation: &str,
    body: &Bytes,
) -> (Result<Done, ApiError>, Option<Fault>) {
    let shared = &*ecr.shared;
    let mut fault = None;
    if !(shared.hooks.is_empty() && shared.rules.is_empty()) {
        let body = serde_json::from_slice(body).unwrap_or(Value::Null);
        let (account, region) = (caller.account.clone(), caller.region.clone());
        let call = read_call(operation.to_owned(), account, region, body);
        shared.hooks.run(ecr, &call);
        fault = shared.rules.fault(&call);
        if let Some(error) = fault.as_ref().and_then(|fault| fault.error(operation)) {
            return (Err(error), fault);
        }
        match fault {
            Some(Fault::Reset) => return (Ok(Done::default()), fault),
            Some(Fault::EmptyPage) => {
                if let Some(body) = empty_page(&call) {
                    let done = Done {
                        body,
                        ..Done::default()
                    };
                    return (Ok(done), fault);
                }
            }
            _ => {}
        }
    }
    let done = carry_out(ecr.world_lock(), caller, operation, body);
    if let Ok(done) = &done {
        ecr.tell(&done.deletions);
    }
    (done, fault)
}

fn panicked(panic: &tokio::task::JoinError) -> ApiError {
    ApiError {
        status: 500,
        code: "ServerException".into(),
        message: format!("a hook, a backing or the fake itself panicked: {panic}"),
    }
}

fn refusal(error: &ApiError) -> Response<Answer> {
    response(error.status, Answer::whole(error.body()))
}

fn response(status: u16, body: Answer) -> Response<Answer> {
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/x-amz-json-1.1");
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
