//! Real parts for the tests: a registry, a BuildKit daemon, projects, and the binary itself.
//!
//! Everything is started by the test that needs it, in a folder of its own, and stopped when the
//! test ends. A part that is missing fails the test and says how to get it.

mod aws;
mod chat;
mod ecr;
mod interposer;
mod launchway;
mod layers;
mod mirror;
pub(crate) mod moto;
mod parts;
mod planted;
mod project;
mod push;
mod registry;
mod soci;
pub(crate) mod terminal;
mod wire;

pub(crate) use aws::{Answer, FakeAws};
pub(crate) use chat::{Chat, Post, Reply};
pub(crate) use ecr::{ECR_HOST, EcrStage};
pub(crate) use interposer::{Interposer, Memory, Trouble};
pub(crate) use launchway::{Engine, Outcome};
pub(crate) use layers::{Layer, image, noise};
pub(crate) use mirror::{Mirror, Mirrored, fill, manifest, present, read_all};
pub(crate) use parts::{copy_folder, crane, libexec, output, part, root};
pub(crate) use planted::{assert_clean, search};
pub(crate) use project::Project;
pub(crate) use push::{Artifact, Pushed};
pub(crate) use registry::{PASSWORD, Registry, USER};
pub(crate) use soci::{check_annotations, document, read_with_official_library};
pub(crate) use wire::request;

use tempfile::TempDir;

/// A registry with the base image, and an engine with an empty cache.
pub(crate) struct Stage {
    pub(crate) registry: Registry,
    pub(crate) engine: Engine,
    folder: TempDir,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
        let registry = Registry::start(&folder.path().join("registry"));
        registry.push_base_images();
        let engine = Engine::in_folder(&folder.path().join("state"));
        Self {
            registry,
            engine,
            folder,
        }
    }

    /// The engine's state folder.
    pub(crate) fn state(&self) -> std::path::PathBuf {
        self.folder.path().join("state")
    }

    /// The shop of testdata/projects in its first commit.
    pub(crate) fn shop(&self) -> Project {
        Project::shop(&self.registry.address)
    }
}
