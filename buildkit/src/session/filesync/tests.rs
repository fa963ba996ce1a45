//! Whole transfers against a receiver that holds the sender to the daemon's rules.

mod dialogue;
mod random;
mod receiver;
mod reference;
mod source;
mod transfers;

use std::path::Path;
use std::sync::Arc;

use tokio_stream::wrappers::ReceiverStream;

use self::receiver::{Received, Receiver};
use super::{SendError, SendRecord, SendRequest, Sent, send};

/// A request for all of `root`.
fn everything(root: &Path) -> SendRequest {
    SendRequest {
        root: root.to_owned(),
        ..SendRequest::default()
    }
}

/// Runs a transfer to its end. The receiver holds `before` already, and orders by `seed`.
fn transfer(
    request: SendRequest,
    record: Option<&Arc<SendRecord>>,
    before: Received,
    seed: u64,
) -> (Result<Sent, SendError>, Result<Received, String>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (requests, incoming) = tokio::sync::mpsc::channel(4);
        let (outgoing, packets) = tokio::sync::mpsc::channel(4);
        let receiver = Receiver::new(before, seed).run(packets, requests);
        let sender = send(
            request,
            record.cloned(),
            ReceiverStream::new(incoming),
            outgoing,
        );
        tokio::join!(sender, receiver)
    })
}

/// A transfer that must succeed.
fn received(
    request: SendRequest,
    record: Option<&Arc<SendRecord>>,
    before: Received,
) -> (Sent, Received) {
    let (sent, received) = transfer(request, record, before, 1);
    (sent.unwrap(), received.unwrap())
}
