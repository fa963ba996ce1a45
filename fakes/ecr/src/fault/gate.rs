//! Gates: calls of an operation wait until the test lets them go.
//!
//! To kill a process at a certain call: hold the call, wait until it is there, kill, open.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

/// When a call is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It has done nothing yet.
    BeforeWork,
    /// It has done its work, and the client does not know.
    BeforeAnswer,
}

/// Holds calls until it is opened or dropped.
#[derive(Debug)]
pub struct Gate {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    operation: String,
    moment: Moment,
    first: u64,
    seen: AtomicU64,
    permits: Semaphore,
    /// How many calls came to be held so far.
    held: Mutex<u64>,
    arrived: Condvar,
}

impl Gate {
    /// Waits until `count` calls in all have been held here, at most for this time. False if they did not
    /// come. Blocks the thread.
    pub fn wait(&self, count: u64, at_most: Duration) -> bool {
        let held = self
            .state
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .state
            .arrived
            .wait_timeout_while(held, at_most, |held| *held < count);
        let (held, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *held >= count
    }

    /// Lets this many calls go, held ones or those that come.
    pub fn release(&self, count: usize) {
        self.state.permits.add_permits(count);
    }

    /// Lets all go, and holds no more.
    pub fn open(&self) {
        self.state.permits.close();
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.open();
    }
}

#[derive(Debug, Default)]
pub(crate) struct Gates {
    gates: Mutex<Vec<Arc<State>>>,
}

impl Gates {
    /// A new gate for calls of an operation, from this one on: 1 is the next that comes.
    pub(crate) fn add(&self, operation: &str, moment: Moment, first: u64) -> Gate {
        let state = Arc::new(State {
            operation: operation.to_owned(),
            moment,
            first,
            seen: AtomicU64::new(0),
            permits: Semaphore::new(0),
            held: Mutex::new(0),
            arrived: Condvar::new(),
        });
        self.locked().push(Arc::clone(&state));
        Gate { state }
    }

    /// Waits until every gate of this operation and moment has let the call go.
    pub(crate) async fn pass(&self, operation: &str, moment: Moment) {
        let gates: Vec<Arc<State>> = {
            let mut gates = self.locked();
            gates.retain(|gate| !gate.permits.is_closed());
            let concerned = gates.iter();
            let concerned = concerned
                .filter(|gate| gate.operation == operation && gate.moment == moment)
                .filter(|gate| gate.seen.fetch_add(1, Ordering::Relaxed) + 1 >= gate.first);
            concerned.map(Arc::clone).collect()
        };
        for gate in gates {
            *gate.held.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            gate.arrived.notify_all();
            // An error is an open gate.
            if let Ok(permit) = gate.permits.acquire().await {
                permit.forget();
            }
        }
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<Arc<State>>> {
        self.gates.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
