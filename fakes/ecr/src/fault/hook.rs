//! Hooks: a test changes the world right before a call is carried out.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Ecr;
use crate::ledger::Call;

type Hook = Arc<Mutex<dyn FnMut(&Ecr, &Call) + Send>>;

#[derive(Default)]
pub(crate) struct Hooks {
    /// With the operation that each one is for.
    hooks: Mutex<Vec<(String, Hook)>>,
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hooks").finish_non_exhaustive()
    }
}

impl Hooks {
    pub(crate) fn add(&self, operation: &str, hook: impl FnMut(&Ecr, &Call) + Send + 'static) {
        let hook: Hook = Arc::new(Mutex::new(hook));
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.push((operation.to_owned(), hook));
    }

    pub(crate) fn clear(&self) {
        let mut hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
        hooks.is_empty()
    }

    pub(crate) fn run(&self, ecr: &Ecr, call: &Call) {
        // The list is free while a hook runs: it may add another one.
        let hooks: Vec<Hook> = {
            let hooks = self.hooks.lock().unwrap_or_else(PoisonError::into_inner);
            let concerned = hooks.iter();
            let concerned = concerned.filter(|(operation, _)| *operation == call.operation);
            concerned.map(|(_, hook)| Arc::clone(hook)).collect()
        };
        for hook in hooks {
            let mut hook = hook.lock().unwrap_or_else(PoisonError::into_inner);
            hook(ecr, call);
        }
    }
}
