//! How the fake fails when a test wants it to: refused, cut off, empty, too often, held, or with a world that
//! changed in the meantime.
//!
//! A call passes in this order: rate limit, delay, gates before the work, hooks, rules, the work, gates before
//! the answer. A client that goes away while its call is held before the work has not changed anything.

mod gate;
mod hook;
mod rate;
mod rule;

pub use gate::Gate;
pub(crate) use gate::{Gates, Moment};
pub(crate) use hook::Hooks;
pub(crate) use rate::Rates;
pub use rule::{Fault, Rule};
pub(crate) use rule::{Rules, throttled};
