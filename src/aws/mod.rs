//! The only place that names an `aws-sdk` crate: clients made once, with overridable endpoints.
//! No policy lives here; callers get plain values.

mod ecr_host;

pub use ecr_host::{EcrHost, parse_ecr_host};
