//! The binary at a small account: images that nobody has to build or pull, the ECR fake, and moto for what uses them.
//!
//! What is left whole is shown on real images, on a [`Stage`](super::stage::Stage); here it is about everything else,
//! and a test is ready in a second.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;

use launchway_fake_ecr::{Digest, FakeEcr, NewImage};
use tempfile::TempDir;

use super::released::ago;
use crate::support::moto::Moto;
use crate::support::{ECR_HOST, Engine, Interposer, Outcome, Project};

/// What nobody pushed, released or pulled for thirty days goes.
pub(super) const RULES: &str = r#"
prune {
  expire = "30d"
  repository "shop/*" {}
}
"#;

/// An image of its own for each number, with the tag `v1` and so on, pushed so many days ago.
pub(super) fn image(number: u32, days: f64) -> NewImage {
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
        "config":{{"mediaType":"application/vnd.oci.image.config.v1+json","size":{number},
        "digest":"{}"}},"layers":[]}}"#,
        Digest::of(&number.to_le_bytes())
    );
    NewImage::new(text, ago(days)).tag(format!("v{number}"))
}

/// `shop/app` with five old images, of which a task definition uses the first.
pub(super) struct PlainStage {
    pub(super) ecr: Arc<FakeEcr>,
    pub(super) moto: Moto,
    /// In front of moto.
    pub(super) proxy: Interposer,
    pub(super) project: Project,
    engine: Engine,
    _folder: TempDir,
}

impl PlainStage {
    /// With this launchway.hcl.
    pub(super) fn new(rules: &str) -> Self {
        let ecr = Arc::new(FakeEcr::start().unwrap());
        let moto = Moto::start();
        let proxy = Interposer::before(moto.address());
        proxy.without_daemons();
        let folder = tempfile::tempdir().unwrap();
        let stage = Self {
            ecr,
            moto,
            proxy,
            project: Project::of(ECR_HOST, &[("launchway.hcl", rules)]),
            engine: Engine::in_folder(folder.path()),
            _folder: folder,
        };
        stage.fill("shop/app");
        stage
            .moto
            .register("app", &format!("{ECR_HOST}/shop/app:v1"));
        stage
    }

    /// Five old images.
    pub(super) fn fill(&self, repository: &str) {
        let repository = self.ecr.repository(repository);
        for number in 1..=5 {
            repository.put(&image(number, 100.0));
        }
    }

    /// `launchway prune` with these arguments.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let arguments = [&["prune"], arguments].concat();
        let mut command = self.engine.command(&self.project, &arguments);
        command
            .envs(self.ecr.environment())
            .env("AWS_ENDPOINT_URL", &self.proxy.endpoint)
            // What fails here fails for good, or once.
            .env("AWS_MAX_ATTEMPTS", "2");
        command
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Outcome {
        let outcome = Outcome::of(self.command(arguments).output().unwrap());
        assert!(!outcome.stderr.contains("planted-aws-key"));
        outcome
    }

    #[track_caller]
    pub(super) fn succeed(&self, arguments: &[&str]) -> Outcome {
        let outcome = self.run(arguments);
        let Outcome { code, stderr, .. } = &outcome;
        assert_eq!(*code, Some(0), "prune {arguments:?}\n{stderr}");
        outcome
    }

    /// The tags that `shop/app` has; with them go its images.
    pub(super) fn tags(&self) -> BTreeSet<String> {
        let repository = self.ecr.repository("shop/app");
        let tags: BTreeSet<String> = repository.tags().into_keys().collect();
        assert_eq!(repository.len(), tags.len(), "no image without a tag");
        tags
    }

    /// Everything is there, and nothing was tried.
    #[track_caller]
    pub(super) fn assert_untouched(&self, when: &str) {
        assert_eq!(self.tags().len(), 5, "{when}");
        for operation in ["BatchDeleteImage", "UpdateImageStorageClass"] {
            assert_eq!(self.ecr.count(operation), 0, "{when}: {operation}");
        }
    }
}
