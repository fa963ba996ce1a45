//! Rules: which calls fail, and how.

use std::sync::{Mutex, PoisonError};

use crate::error::ApiError;
use crate::ledger::Call;

/// How a call fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `ThrottlingException`, status 400, as ECR says it. Nothing is done.
    Throttled,
    /// `AccessDeniedException`, status 400. Nothing is done.
    AccessDenied,
    /// `ServerException` with this status. Nothing is done.
    Server(u16),
    /// An error with this code, status 400. Nothing is done.
    Refused(&'static str),
    /// The connection is reset without a byte of an answer. Nothing is done.
    Reset,
    /// The work is done, and the connection is reset without a byte of an answer.
    ResetAfterWork,
    /// The work is done, and the connection is reset in the middle of the answer's body.
    ResetInBody,
    /// A page without entries, whose token goes on where the call would have begun. Calls that are no page
    /// are answered as usual.
    EmptyPage,
}

/// Which calls fail. Without a word: every call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    fault: Fault,
    operation: Option<String>,
    repository: Option<String>,
    first: u64,
    last: u64,
}

impl Rule {
    /// Every call fails.
    pub fn new(fault: Fault) -> Self {
        Self {
            fault,
            operation: None,
            repository: None,
            first: 1,
            last: u64::MAX,
        }
    }

    /// Only calls of this operation: `DescribeImages`.
    #[must_use]
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Only calls that name this repository.
    #[must_use]
    pub fn repository(mut self, name: impl Into<String>) -> Self {
        self.repository = Some(name.into());
        self
    }

    /// Only one of those: 1 is the next that comes.
    #[must_use]
    pub fn nth(mut self, number: u64) -> Self {
        (self.first, self.last) = (number, number);
        self
    }

    /// Only the next `count` of those.
    #[must_use]
    pub fn next(mut self, count: u64) -> Self {
        (self.first, self.last) = (1, count);
        self
    }

    /// Only those from this one on: 1 is the next that comes.
    #[must_use]
    pub fn from(mut self, number: u64) -> Self {
        (self.first, self.last) = (number, u64::MAX);
        self
    }

    fn concerns(&self, call: &Call) -> bool {
        let wanted = |wanted: &Option<String>, name: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| Some(wanted) == name)
        };
        wanted(&self.operation, Some(&call.operation))
            && wanted(&self.repository, call.repository.as_deref())
    }
}

#[derive(Debug, Default)]
pub(crate) struct Rules {
    /// With the count of the calls that each one concerned so far.
    rules: Mutex<Vec<(Rule, u64)>>,
}

impl Rules {
    pub(crate) fn add(&self, rule: Rule) {
        self.locked().push((rule, 0));
    }

    pub(crate) fn clear(&self) {
        self.locked().clear();
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.locked().is_empty()
    }

    /// How this call fails: as the first rule says that has its turn. All rules that it concerns count it.
    pub(crate) fn fault(&self, call: &Call) -> Option<Fault> {
        let mut found = None;
        for (rule, count) in self.locked().iter_mut() {
            if rule.concerns(call) {
                *count += 1;
                if found.is_none() && (rule.first..=rule.last).contains(count) {
                    found = Some(rule.fault.clone());
                }
            }
        }
        found
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Vec<(Rule, u64)>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fault {
    /// The error of a fault that is one.
    pub(crate) fn error(&self, operation: &str) -> Option<ApiError> {
        Some(match self {
            Self::Throttled => throttled(),
            Self::AccessDenied => {
                let message = format!(
                    "User: arn:aws:iam::123456789012:user/someone is not authorized to perform: \
                     ecr:{operation} because no identity-based policy allows the action"
                );
                ApiError::new("AccessDeniedException", message)
            }
            Self::Server(status) => ApiError {
                status: *status,
                code: "ServerException".into(),
                message: "The service has an internal error".to_owned(),
            },
            Self::Refused(code) => ApiError::new(code, "a test wants this to fail"),
            Self::Reset | Self::ResetAfterWork | Self::ResetInBody | Self::EmptyPage => {
                return None;
            }
        })
    }
}

/// Too many calls.
pub(crate) fn throttled() -> ApiError {
    ApiError::new("ThrottlingException", "Rate exceeded")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_counts_the_calls_it_concerns() {
        let call = |operation: &str, repository: &str| Call {
            operation: operation.to_owned(),
            account: String::new(),
            region: String::new(),
            repository: Some(repository.to_owned()),
            body: serde_json::Value::Null,
        };
        let rules = Rules::default();
        rules.add(Rule::new(Fault::Throttled).operation("A").nth(2));
        rules.add(Rule::new(Fault::Reset).repository("web").from(2));
        let faults = [
            rules.fault(&call("A", "api")),
            rules.fault(&call("B", "api")),
            rules.fault(&call("B", "web")),
            rules.fault(&call("A", "web")),
            rules.fault(&call("A", "web")),
        ];
        let (throttled, reset) = (Some(Fault::Throttled), Some(Fault::Reset));
        assert_eq!(faults, [None, None, None, throttled, reset]);
        rules.clear();
        assert_eq!(rules.fault(&call("A", "web")), None);
    }
}
