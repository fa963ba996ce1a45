//! Errors as the API tells them: `{"__type": CODE, "message": TEXT}` with a status.

use std::borrow::Cow;

use serde_json::json;

/// A refused call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: u16,
    pub(crate) code: Cow<'static, str>,
    pub(crate) message: String,
}

impl ApiError {
    /// An error of the caller.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status: 400,
            code: Cow::Borrowed(code),
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    /// A member that the model does not allow.
    pub(crate) fn constraint(member: &str, constraint: &str) -> Self {
        Self::invalid(format!(
            "Invalid parameter at '{member}' failed to satisfy constraint: '{constraint}'"
        ))
    }

    pub(crate) fn body(&self) -> Vec<u8> {
        let body = json!({ "__type": self.code, "message": self.message });
        body.to_string().into_bytes()
    }
}
