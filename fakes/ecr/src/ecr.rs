//! The fake behind its API: what tests set and count, whichever way the calls come in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use crate::fault::{Gate, Gates, Hooks, Moment, Rates, Rule, Rules};
use crate::late::Consistency;
use crate::ledger::{Call, Ledger, Stats};
use crate::state::{Deletion, Repository};
use crate::world::World;

/// The account of callers whose key has no account of its own.
pub const ACCOUNT: &str = "123456789012";
/// The region of callers whose requests are not signed, and of [`Ecr::repository`].
pub const REGION: &str = "ap-northeast-1";

/// Told of every manifest that the API deletes, right after it, before the answer goes out. So a test lets a
/// real registry follow. It may block, and it may use the fake.
pub trait Backing: Send + Sync {
    /// A manifest went.
    fn deleted(&self, deletion: &Deletion);
}

impl<F: Fn(&Deletion) + Send + Sync> Backing for F {
    fn deleted(&self, deletion: &Deletion) {
        self(deletion);
    }
}

/// All accounts and regions of the fake. Clones are the same fake.
#[derive(Clone, Debug)]
pub struct Ecr {
    pub(crate) shared: Arc<Shared>,
}

#[derive(Default)]
pub(crate) struct Shared {
    world: RwLock<World>,
    pub(crate) ledger: Arc<Ledger>,
    /// Accounts by access key id.
    keys: Mutex<BTreeMap<String, String>>,
    backing: Mutex<Option<Arc<dyn Backing>>>,
    delay: Mutex<Option<Duration>>,
    pub(crate) rates: Rates,
    pub(crate) rules: Rules,
    pub(crate) gates: Gates,
    pub(crate) hooks: Hooks,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

impl Default for Ecr {
    fn default() -> Self {
        Self::new()
    }
}

impl Ecr {
    /// Without repositories, and without faults. Calls are logged.
    pub fn new() -> Self {
        let shared = Shared::default();
        shared.ledger.keep_log(true);
        Self {
            shared: Arc::new(shared),
        }
    }

    /// A repository of [`ACCOUNT`] in [`REGION`].
    pub fn repository(&self, name: &str) -> Repository {
        self.repository_of(ACCOUNT, REGION, name)
    }

    /// A repository of some account and region.
    pub fn repository_of(&self, account: &str, region: &str, name: &str) -> Repository {
        Repository::new(self.clone(), account, region, name)
    }

    /// Who signs with this access key id is of this account.
    pub fn set_account(&self, access_key_id: &str, account: &str) {
        let mut keys = locked(&self.shared.keys);
        keys.insert(access_key_id.to_owned(), account.to_owned());
    }

    pub(crate) fn account_of(&self, access_key_id: &str) -> String {
        let keys = locked(&self.shared.keys);
        let account = keys.get(access_key_id).map(String::as_str);
        account.unwrap_or(ACCOUNT).to_owned()
    }

    /// From now on these changes are seen late.
    pub fn set_consistency(&self, consistency: Consistency) {
        self.world_mut().consistency = consistency;
    }

    pub(crate) fn consistency(&self) -> Consistency {
        self.world().consistency
    }

    /// From now on this is told of deletions.
    pub fn set_backing(&self, backing: impl Backing + 'static) {
        *locked(&self.shared.backing) = Some(Arc::new(backing));
    }

    pub(crate) fn tell(&self, deletions: &[Deletion]) {
        let backing = locked(&self.shared.backing).clone();
        if let Some(backing) = backing {
            for deletion in deletions {
                backing.deleted(deletion);
            }
        }
    }

    /// From now on calls fail as the rule says.
    pub fn fail(&self, rule: Rule) {
        self.shared.rules.add(rule);
    }

    /// Ends all rules, hooks and rate limits. Gates are opened by whoever holds them.
    pub fn heal(&self) {
        self.shared.rules.clear();
        self.shared.hooks.clear();
        self.shared.rates.clear();
    }

    /// From now on an operation is throttled above this rate; `None` takes the limit away.
    pub fn limit_rate(&self, operation: &str, per_second: Option<f64>) {
        self.shared.rates.limit(Some(operation), per_second);
    }

    /// From now on each operation that has no limit of its own is throttled above this rate.
    pub fn limit_every_rate(&self, per_second: Option<f64>) {
        self.shared.rates.limit(None, per_second);
    }

    /// Holds calls of an operation before they do anything, from the nth on (1 is the next that comes).
    pub fn hold(&self, operation: &str, nth: u64) -> Gate {
        self.shared.gates.add(operation, Moment::BeforeWork, nth)
    }

    /// Holds calls of an operation when their work is done and before their answer, from the nth on.
    pub fn hold_answer(&self, operation: &str, nth: u64) -> Gate {
        self.shared.gates.add(operation, Moment::BeforeAnswer, nth)
    }

    /// Runs this before each call of an operation is carried out. It may block, and change the fake.
    pub fn before(&self, operation: &str, hook: impl FnMut(&Ecr, &Call) + Send + 'static) {
        self.shared.hooks.add(operation, hook);
    }

    /// Runs this once, before the nth call of an operation is carried out (1 is the next that comes).
    pub fn before_nth(
        &self,
        operation: &str,
        nth: u64,
        hook: impl FnOnce(&Ecr, &Call) + Send + 'static,
    ) {
        let (mut seen, mut hook) = (0, Some(hook));
        self.before(operation, move |ecr, call| {
            seen += 1;
            if seen == nth
                && let Some(hook) = hook.take()
            {
                hook(ecr, call);
            }
        });
    }

    /// Each call is answered so much later, as over a network.
    pub fn set_delay(&self, delay: Option<Duration>) {
        *locked(&self.shared.delay) = delay;
    }

    pub(crate) fn delay(&self) -> Option<Duration> {
        *locked(&self.shared.delay)
    }

    /// How many calls came so far.
    pub fn stats(&self) -> Stats {
        self.shared.ledger.stats()
    }

    /// How many calls of one operation came so far.
    pub fn count(&self, operation: &str) -> u64 {
        self.stats().calls.get(operation).copied().unwrap_or(0)
    }

    /// How many calls are not answered yet. It falls to 0 after a client that was killed.
    pub fn open_calls(&self) -> u64 {
        self.shared.ledger.open_calls()
    }

    /// Every call so far, in the order they came.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.ledger.calls()
    }

    /// The calls of one operation.
    pub fn calls_of(&self, operation: &str) -> Vec<Call> {
        let mut calls = self.calls();
        calls.retain(|call| call.operation == operation);
        calls
    }

    /// Whether calls are logged. Counts go on in either case.
    pub fn keep_log(&self, keep: bool) {
        self.shared.ledger.keep_log(keep);
    }

    /// Counts from zero again, with an empty log.
    pub fn reset_stats(&self) {
        self.shared.ledger.reset();
    }

    pub(crate) fn world(&self) -> RwLockReadGuard<'_, World> {
        self.shared
            .world
            .read()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn world_mut(&self) -> RwLockWriteGuard<'_, World> {
        self.shared
            .world
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn world_lock(&self) -> &RwLock<World> {
        &self.shared.world
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
