//! What never changes, and is asked for once: revisions of task definitions, of services and of daemons,
//! published versions of functions and of state machines, earlier versions of parameters.
//!
//! Lists are no part of it. Looking again right before deleting costs little more than the lists.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::api_call::Calls;
use crate::aws::{FunctionImage, RevisionUse, TaskDefinitionUse};
use crate::prune::KnownRelease;

/// Kept between the calls of [`super::collect`] of one run. Keyed by ARN, if nothing else is said.
#[derive(Debug, Default)]
pub struct Cache {
    pub(super) definitions: Table<TaskDefinitionUse>,
    pub(super) revisions: Table<RevisionUse>,
    pub(super) functions: Table<FunctionImage>,
    pub(super) state_machines: Table<Calls>,
    /// Releases that the history of a parameter tells of, by place, name and version.
    pub(super) histories: Table<Vec<KnownRelease>>,
}

/// Values by name.
#[derive(Debug)]
pub(super) struct Table<T>(Mutex<BTreeMap<String, Arc<T>>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Table<T> {
    pub(super) fn get(&self, arn: &str) -> Option<Arc<T>> {
        let table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.get(arn).cloned()
    }

    pub(super) fn put(&self, arn: String, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        table.insert(arn, Arc::clone(&value));
        value
    }
}
