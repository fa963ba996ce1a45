//! The binary between a mirrored registry and everything that uses its images.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use tempfile::TempDir;

use launchway_fake_ecr::FakeEcr;

use super::released::{BAKE, Released, released};
use super::world::World;
use crate::support::{ECR_HOST, Engine, Interposer, Mirror, Mirrored, Outcome, Project, Registry};

/// The rules: young and newest releases stay, and so does what has the tag `bundle`.
pub(super) const RULES: &str = r#"
prune {
  keep_releases  = 1
  expire         = "30d"
  keep_tags      = ["bundle"]
  cache_expire   = "14d"
  branches       = ["main"]
  step_functions = true
  parameters     = ["/shop/release", "/shop/path/*"]
  records        = ["tool.json"]
  allow          = ["nothing-in-use:shop/joined"]

  repository "shop/*" {}
  family "kept-*" { keep = 1 }
  function "*" { keep = 0 }
}
parameter "/shop/release" {}
"#;

/// A project with rules, and what uses images; without an ECR.
pub(super) struct Ground {
    pub(super) released: &'static Released,
    pub(super) world: World,
    pub(super) project: Project,
    pub(super) engine: Engine,
    folder: TempDir,
}

impl Ground {
    pub(super) fn new() -> Self {
        let released = released();
        let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
        let files = [
            ("docker-bake.hcl", BAKE),
            ("Dockerfile", "FROM scratch\n"),
            ("launchway.hcl", RULES),
        ];
        let project = Project::of(ECR_HOST, &files);
        project.write("tool.json", &released.tools[0].record.to_string());
        let first = released.releases[0].record.to_string();
        project.write("launchway-out/release.json", &first);
        let ground = Self {
            released,
            world: World::new(released),
            project,
            engine: Engine::in_folder(&folder.path().join("state")),
            folder,
        };
        // Our own release writes its parameter as releases do.
        let proxy = ground.world.proxy();
        let mut set = ground
            .engine
            .command(&ground.project, &["parameter", "set"]);
        let outcome = Outcome::of(set.envs(Self::environment(&proxy)).output().unwrap());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        ground
    }

    /// A copy of the registry, with an ECR in front.
    pub(super) fn mirror(&self) -> Mirror {
        let folder = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let registry = Registry::start_with(&folder, &self.released.contents());
        Mirror::of(registry, &self.released.images)
    }

    fn environment(proxy: &Interposer) -> BTreeMap<&'static str, String> {
        BTreeMap::from([
            ("AWS_ENDPOINT_URL", proxy.endpoint.clone()),
            ("AWS_REGION", crate::support::moto::REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "planted-aws-key".to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ])
    }

    /// `launchway prune` with these arguments.
    pub(super) fn command(&self, ecr: &FakeEcr, proxy: &Interposer, arguments: &[&str]) -> Command {
        let arguments = [&["prune"], arguments].concat();
        let mut command = self.engine.command(&self.project, &arguments);
        command
            .envs(Self::environment(proxy))
            .env("AWS_ENDPOINT_URL_ECR", ecr.endpoint());
        command
    }

    pub(super) fn run(&self, ecr: &FakeEcr, proxy: &Interposer, arguments: &[&str]) -> Outcome {
        let outcome = Outcome::of(self.command(ecr, proxy, arguments).output().unwrap());
        assert!(!outcome.stderr.contains("planted-aws-key"));
        outcome
    }
}

/// A mirror, a proxy and a ground.
pub(super) struct Stage {
    pub(super) mirror: Mirror,
    pub(super) proxy: Interposer,
    pub(super) ground: Arc<Ground>,
}

impl Stage {
    pub(super) fn new() -> Self {
        Self::on(&Arc::new(Ground::new()))
    }

    /// Another ECR with the same uses.
    pub(super) fn on(ground: &Arc<Ground>) -> Self {
        Self {
            mirror: ground.mirror(),
            proxy: ground.world.proxy(),
            ground: Arc::clone(ground),
        }
    }

    /// The same for a test in which no use begins or ends.
    pub(super) fn still_on(ground: &Arc<Ground>) -> Self {
        Self {
            mirror: ground.mirror(),
            proxy: ground.world.still_proxy(),
            ground: Arc::clone(ground),
        }
    }

    pub(super) fn run(&self, arguments: &[&str]) -> Outcome {
        self.ground.run(&self.mirror.ecr, &self.proxy, arguments)
    }

    #[track_caller]
    pub(super) fn succeed(&self, arguments: &[&str]) -> Outcome {
        let outcome = self.run(arguments);
        let Outcome {
            code,
            stderr,
            stdout,
        } = &outcome;
        assert_eq!(*code, Some(0), "prune {arguments:?}\n{stderr}\n{stdout}");
        outcome
    }

    /// A plan, without removing anything.
    #[track_caller]
    pub(super) fn plan(&self) -> Plan {
        Plan::read(&self.succeed(&["--format", "json"]).stdout)
    }
}

/// A plan as the JSON of the binary tells it.
pub(super) struct Plan(pub(super) Value);

impl Plan {
    #[track_caller]
    pub(super) fn read(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    fn images(&self) -> impl Iterator<Item = (String, &Value)> {
        let repositories = self.0["repositories"].as_array().unwrap().iter();
        repositories.flat_map(|repository| {
            let name = repository["name"].as_str().unwrap();
            let images = repository["images"].as_array().unwrap().iter();
            images.map(move |image| {
                let digest = image["digest"].as_str().unwrap();
                (format!("{name}@{digest}"), image)
            })
        })
    }

    /// What would go, as `repository@digest`.
    pub(super) fn removed(&self) -> BTreeSet<String> {
        let removed = self
            .images()
            .filter(|(_, image)| image["verdict"] == "remove");
        removed.map(|(name, _)| name).collect()
    }

    /// The kinds of what stays (`keep`) or goes (`remove`).
    pub(super) fn kinds(&self, verdict: &str) -> BTreeSet<String> {
        let images = self
            .images()
            .filter(|(_, image)| image["verdict"] == verdict);
        images
            .map(|(_, image)| image["kind"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Why an image stays or goes, in words.
    pub(super) fn reasons(&self, name: &str) -> String {
        let (_, image) = self.images().find(|(found, _)| found == name).unwrap();
        json!([
            image["verdict"],
            image["kind"],
            image["tags"],
            image["reasons"]
        ])
        .to_string()
    }

    /// The plan lets exactly these go.
    #[track_caller]
    pub(super) fn assert_removes(&self, expected: &BTreeSet<String>) {
        let removed = self.removed();
        let told = |names: Vec<&String>| -> Vec<String> {
            let names = names.into_iter();
            names
                .map(|name| format!("{name} {}", self.reasons(name)))
                .collect()
        };
        let surplus = told(removed.difference(expected).collect());
        let missing = told(expected.difference(&removed).collect());
        assert!(
            surplus.is_empty() && missing.is_empty(),
            "goes and should stay: {surplus:#?}\nstays and should go: {missing:#?}"
        );
    }
}

/// What goes under [`RULES`] while all uses go on.
pub(super) fn expected(released: &Released) -> BTreeSet<String> {
    let other = |name: &str| released.other(name);
    let mut gone: BTreeSet<String> = [
        "plain-old",
        "joined-old",
        "joined-old-amd64",
        "joined-old-arm64",
        "lost-part",
        "leftover",
        "nobody",
    ]
    .into_iter()
    .map(other)
    .collect();
    // The first release is in a parameter, the second one in a bundle (of `web` alone).
    gone.extend(released.of_age("shop/web", super::released::AGES[2]));
    gone.extend(released.of_age("shop/api", super::released::AGES[1]));
    // Caches that lost their tags to newer ones, and those of a branch that is gone.
    let caches = released
        .images
        .iter()
        .filter(|image| image.repository == "shop/cache");
    let living = |tag: &String| tag.ends_with("-main");
    let caches = caches.filter(|image| !image.tags.iter().any(living));
    gone.extend(caches.map(Mirrored::name));
    gone.extend(released.pieces());
    gone
}

/// Fails with the differences of two sets of `repository@digest`.
#[track_caller]
pub(super) fn assert_same(found: &BTreeSet<String>, expected: &BTreeSet<String>, when: &str) {
    let surplus: Vec<&String> = found.difference(expected).collect();
    let missing: Vec<&String> = expected.difference(found).collect();
    assert!(
        surplus.is_empty() && missing.is_empty(),
        "{when}: too many: {surplus:#?}\ntoo few: {missing:#?}"
    );
}
