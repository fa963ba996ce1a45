//! The only place that names an `aws-sdk` crate: clients made once, with overridable endpoints.
//! No policy lives here; callers get plain values.
