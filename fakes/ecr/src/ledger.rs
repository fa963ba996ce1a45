//! What was asked: how many calls of which operation, how many at once, and what they said.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// A call that came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// `DescribeImages`
    pub operation: String,
    /// The account of the caller's key, or the one that the request names.
    pub account: String,
    /// Of the signature.
    pub region: String,
    /// The repository that the request names.
    pub repository: Option<String>,
    /// The request.
    pub body: Value,
}

/// Counts of calls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stats {
    /// By operation. Calls that were answered with a fault are counted as well.
    pub calls: BTreeMap<String, u64>,
    /// All of them.
    pub total: u64,
    /// Those that were answered with a `ThrottlingException`.
    pub throttled: u64,
    /// The most calls that were open at the same time.
    pub peak_concurrency: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    stats: Stats,
    open: u64,
    /// `None`: not kept.
    log: Option<Vec<Entry>>,
}

/// A body is read when somebody looks at it.
#[derive(Clone, Debug)]
struct Entry {
    operation: String,
    account: String,
    region: String,
    body: Bytes,
}

/// A call that is not answered yet.
#[derive(Debug)]
pub(crate) struct Open {
    ledger: Arc<Ledger>,
}

impl Ledger {
    /// Counts a call, and holds it open until the answer is dropped.
    pub(crate) fn open(
        self: &Arc<Self>,
        operation: &str,
        account: &str,
        region: &str,
        body: &Bytes,
    ) -> Open {
        let mut state = self.locked();
        let count = state.stats.calls.entry(operation.to_owned()).or_default();
        *count += 1;
        state.stats.total += 1;
        state.open += 1;
        state.stats.peak_concurrency = state.stats.peak_concurrency.max(state.open);
        if let Some(log) = &mut state.log {
            log.push(Entry {
                operation: operation.to_owned(),
                account: account.to_owned(),
                region: region.to_owned(),
                body: body.clone(),
            });
        }
        Open {
            ledger: Arc::clone(self),
        }
    }

    /// A call is answered with a `ThrottlingException`.
    pub(crate) fn throttled(&self) {
        self.locked().stats.throttled += 1;
    }

    pub(crate) fn stats(&self) -> Stats {
        self.locked().stats.clone()
    }

    pub(crate) fn open_calls(&self) -> u64 {
        self.locked().open
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        let log = self.locked().log.clone().unwrap_or_default();
        log.into_iter().map(Entry::into_call).collect()
    }

    /// Begins to keep what the calls say, or ends it.
    pub(crate) fn keep_log(&self, keep: bool) {
        self.locked().log = keep.then(Vec::new);
    }

    /// Forgets all calls but the open ones.
    pub(crate) fn reset(&self) {
        let mut state = self.locked();
        state.stats = Stats::default();
        state.stats.peak_concurrency = state.open;
        if let Some(log) = &mut state.log {
            log.clear();
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.ledger.locked().open -= 1;
    }
}

impl Entry {
    fn into_call(self) -> Call {
        let body = serde_json::from_slice(&self.body).unwrap_or(Value::Null);
        read_call(self.operation, self.account, self.region, body)
    }
}

/// A call, from its request.
pub(crate) fn read_call(operation: String, account: String, region: String, body: Value) -> Call {
    let text = |member: &str| body.get(member).and_then(Value::as_str).map(str::to_owned);
    Call {
        operation,
        account: text("registryId").unwrap_or(account),
        region,
        repository: text("repositoryName"),
        body,
    }
}
