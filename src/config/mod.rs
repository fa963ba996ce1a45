//! launchway.hcl: our own blocks (`release`, `cache`, `soci`, `service`, …) read into typed settings with
//! spans. Evaluating expressions is `bake`'s work; acting on settings is `plan`'s.

mod appspec;
mod base_images;
pub(crate) mod blocks;
pub(crate) mod environment;
pub(crate) mod form;
mod notify;
mod parameter;
pub(crate) mod prune;
pub(crate) mod read;
mod region;
mod scan;
mod secret_reference;
mod service;
mod settings;
mod size;
mod soci;
mod source;

pub use appspec::{AppspecBlock, AppspecFormat, AppspecNetwork, AppspecSource, CapacityProvider};
pub use base_images::BaseImages;
pub use blocks::Blocks;
pub use environment::{Environment, EnvironmentChoice};
pub use notify::{Channel, NotifyEvent, NotifySettings};
pub(crate) use notify::{is_loopback, is_safe};
pub use parameter::{ParameterKind, ParameterSettings, ParameterTier, ValueForm, WriteOn};
pub use prune::{
    KEEP, KeepRule, PruneAccount, PruneSettings, ROLLBACK, RepositoryRule, UseCommand, UseSettings,
};
pub use scan::ScanSettings;
pub(crate) use scan::parse_timeout;
pub use secret_reference::SecretReference;
pub(crate) use secret_reference::arn_region;
pub use service::{HandoffMode, ServiceSettings};
pub use settings::{Baseline, CacheMode, CacheSettings, ReleaseSettings, Settings};
pub(crate) use size::{parse as parse_size, show as show_size};
pub use soci::SociSettings;
pub use source::Source;
