//! Releases to real ECR host names: the names stand in every file and record, and the connections
//! go to a registry on this machine.
//!
//! `LAUNCHWAY_REGISTRY_ENDPOINTS` does that, for Launchway's own requests and for the daemon's.
//! ECR's API is [`FakeAws`], which gives out the login of the registry.

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use serde_json::json;
use tempfile::TempDir;

use super::aws::{Answer, FakeAws};
use super::launchway::Engine;
use super::registry::{PASSWORD, Registry, USER};

/// The registry of the shop, as its files name it.
pub(crate) const ECR_HOST: &str = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com";

/// A registry that plays [`ECR_HOST`], with the base image; an engine with an empty cache; AWS.
pub(crate) struct EcrStage {
    /// Look at its contents by its own address.
    pub(crate) registry: Registry,
    /// Runs the binary with everything in its environment.
    pub(crate) engine: Engine,
    /// Answers `GetAuthorizationToken`; a test scripts the rest.
    pub(crate) aws: FakeAws,
    folder: TempDir,
}

impl EcrStage {
    /// A registry that takes everything, so that a test can look at it without a login.
    pub(crate) fn new() -> Self {
        Self::of(Registry::start)
    }

    /// A registry that wants the login that the fake AWS gives out.
    pub(crate) fn with_login() -> Self {
        Self::of(Registry::start_with_login)
    }

    fn of(start: fn(&std::path::Path) -> Registry) -> Self {
        let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
        let registry = start(&folder.path().join("registry"));
        let auth = base64::engine::general_purpose::STANDARD.encode(format!("{USER}:{PASSWORD}"));
        let config = json!({ "auths": { &registry.address: { "auth": &auth } } });
        let docker = folder.path().join("docker");
        std::fs::create_dir(&docker).unwrap();
        std::fs::write(docker.join("config.json"), config.to_string()).unwrap();
        registry.push_base_images_as(&docker);
        let aws = FakeAws::start();
        let token = json!({ "authorizationData": [{
            "authorizationToken": auth,
            "expiresAt": 4_102_444_800_u64,
            "proxyEndpoint": format!("https://{ECR_HOST}"),
        }] });
        aws.answer("GetAuthorizationToken", [Answer::json(token)]);
        let mut engine = Engine::in_folder(&folder.path().join("state"));
        let endpoint = format!("{ECR_HOST}=http://{}", registry.address);
        engine.set("LAUNCHWAY_REGISTRY_ENDPOINTS", endpoint);
        for (name, value) in aws.environment() {
            engine.set(name, value);
        }
        Self {
            registry,
            engine,
            aws,
            folder,
        }
    }

    /// The Docker configuration with a login to the registry by its own address.
    pub(crate) fn docker_config(&self) -> PathBuf {
        self.folder.path().join("docker")
    }

    /// The engine's state folder.
    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// A program that logs in to the registry by its own address.
    pub(crate) fn logged_in<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("DOCKER_CONFIG", self.docker_config())
    }
}
