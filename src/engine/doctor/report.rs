//! All checks of an examination, by what they are for.

use serde::Serialize;

use super::{Check, CheckState};
use crate::exit;

/// What was found, each list in the order in which it should be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Having an engine, and building for every platform on it.
    pub engine: Vec<Check>,
    /// Logging in to registries.
    pub credentials: Vec<Check>,
    /// Knowing what is built.
    pub source: Vec<Check>,
}

impl Report {
    /// All checks in order.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.engine
            .iter()
            .chain(&self.credentials)
            .chain(&self.source)
    }

    /// How many checks came out like this.
    pub fn count(&self, state: CheckState) -> usize {
        self.checks().filter(|check| check.state == state).count()
    }

    /// [`exit::OK`] when nothing is missing, [`exit::ENGINE_UNREACHABLE`] when an engine could not
    /// run or not build for every platform, [`exit::REGISTRY`] when only logins are wrong.
    pub fn exit_code(&self) -> u8 {
        let missing = |checks: &[Check]| {
            checks
                .iter()
                .any(|check| check.state == CheckState::Missing)
        };
        if missing(&self.engine) {
            exit::ENGINE_UNREACHABLE
        } else if missing(&self.credentials) {
            exit::REGISTRY
        } else if missing(&self.source) {
            exit::CONFIGURATION
        } else {
            exit::OK
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_is_that_of_what_matters_most() {
        let mut report = Report {
            engine: vec![Check::warning("overlay mount", "slow")],
            credentials: vec![Check::ok("AWS identity", "")],
            source: Vec::new(),
        };
        assert_eq!(report.exit_code(), exit::OK);
        report.credentials.push(Check::missing("helper", ""));
        assert_eq!(report.exit_code(), exit::REGISTRY);
        report.engine.push(Check::missing("runc", ""));
        assert_eq!(report.exit_code(), exit::ENGINE_UNREACHABLE);
        assert_eq!(report.count(CheckState::Missing), 2);
        assert_eq!(report.checks().count(), 4);
    }
}
