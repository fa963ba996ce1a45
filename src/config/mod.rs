//! launchway.hcl: our own blocks (`release`, `cache`, `service`, …) read into typed settings with
//! spans. Evaluating expressions is `bake`'s work; acting on settings is `plan`'s.

pub(crate) mod blocks;
pub(crate) mod read;
mod settings;
mod source;

pub use settings::{
    Baseline, CacheMode, CacheSettings, ReleaseSettings, ServiceSettings, Settings,
};
pub use source::Source;
