//! Whose credentials to use for a registry: those of the Docker configuration, and for ECR those
//! of AWS.
//!
//! How a registry is logged in to with them is the client's matter (and the daemon's, which asks
//! through the session). Where the configuration lies is passed in.

mod docker_config;
mod helper;
mod keychain;
mod mapped;

pub use docker_config::{DockerConfigError, DockerConfigProblem};
pub use helper::{HelperError, HelperProblem};
pub use keychain::{Keychain, KeychainConfig, LoginError};
pub use mapped::MappedCredentials;
