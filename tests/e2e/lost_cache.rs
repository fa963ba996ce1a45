//! A daemon that loses its cache between evaluation and publication: what is released is what was
//! compared, or nothing is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use launchway::bake;
use launchway::config::{Baseline, Source};
use launchway::engine::{self, Engine};
use launchway::image::Platform;
use launchway::plan::{self, Handoff, Mode, Options, Plan, SociWish};
use launchway::registry::auth::{Keychain, KeychainConfig};
use launchway::registry::{Client, ClientConfig, EndpointMap};
use launchway::release::record::Record;
use launchway::release::{self, Context, Event, FailPoints, Observer, ReleaseError};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::support::{
    Project, Stage, check_annotations, crane, document, libexec, read_with_official_library,
};

const BAKE: &str = r#"
variable "REGISTRY" {}
target "default" {
  args      = { BASE = "${REGISTRY}/base/busybox:stable" }
  platforms = ["linux/amd64"]
  tags      = ["${REGISTRY}/app:live"]
}
"#;

/// Every run of the step gives another layer.
const DOCKERFILE: &str = "ARG BASE\nFROM ${BASE}\nRUN cat /proc/sys/kernel/random/uuid > /id\n";

fn plan(project: &Project, soci: SociWish) -> Plan {
    let directory = project.path();
    let request = bake::Request {
        directory: directory.clone(),
        environment: BTreeMap::from([("REGISTRY".to_owned(), project.registry.clone())]),
        local_platform: "linux/amd64".to_owned(),
        ..bake::Request::default()
    };
    let bake = bake::load(&request).unwrap();
    let options = Options {
        mode: Mode::Release,
        directory,
        local_platform: Platform::new("linux", "amd64", None),
        tags: Vec::new(),
        baseline: Some(Baseline::None),
        handoff: Handoff::None,
        soci,
    };
    plan::make(&bake, &Source::default(), &options).unwrap()
}

/// An engine of its own for each run.
struct Bench {
    runtime: Runtime,
    request: engine::Request,
    engine: Engine,
    _folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
        let runtime = Runtime::new().unwrap();
        let request = engine::Request {
            state_directory: folder.path().join("state"),
            runtime_directory: folder.path().to_owned(),
            libexec: vec![libexec()],
            path: std::env::var_os("PATH"),
            ..engine::Request::default()
        };
        let engine = runtime.block_on(engine::find(&request)).unwrap();
        Self {
            runtime,
            request,
            engine,
            _folder: folder,
        }
    }

    /// Runs the plan; `interfere` is called between evaluation and publication, so many times.
    fn run(
        &self,
        plan: &Plan,
        times: usize,
        interfere: impl Fn() + Send + Sync + Clone + 'static,
    ) -> Result<Record, ReleaseError> {
        let done = AtomicUsize::new(0);
        let observer: Observer = Arc::new(move |event| {
            // After comparing, and before what differed is evaluated again.
            let again = matches!(&event, Event::Warning { message } if message.contains("again"));
            if (again || matches!(event, Event::Compared { .. }))
                && done.fetch_add(1, Ordering::Relaxed) < times
            {
                // On a thread of its own: the run waits in this call, as a busy machine would
                // make it.
                std::thread::spawn(interfere.clone()).join().unwrap();
            }
        });
        self.runtime.block_on(release(plan, &self.engine, observer))
    }

    /// Empties the daemon's cache.
    fn prune(&self) -> impl Fn() + Send + Sync + Clone + 'static {
        let address = self.engine.address.clone();
        move || {
            let prune = async {
                let client = launchway_buildkit::Client::connect(&address).await.unwrap();
                // What the ended solves hold is let go a moment after their end.
                for _ in 0..100 {
                    client.prune(true).await.unwrap();
                    if client.disk_usage().await.unwrap().is_empty() {
                        return;
                    }
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
                panic!("the daemon's cache does not empty");
            };
            Runtime::new().unwrap().block_on(prune);
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let grace = Duration::from_secs(5);
        let stopped = self.runtime.block_on(engine::stop(&self.request, grace));
        if !std::thread::panicking() {
            stopped.unwrap();
        }
    }
}

async fn release(plan: &Plan, engine: &Engine, observer: Observer) -> Result<Record, ReleaseError> {
    let credentials = Arc::new(Keychain::new(KeychainConfig::default()));
    let context = Context {
        engine: engine.client.clone(),
        engine_id: engine.worker_id.clone(),
        platforms: engine.platforms.clone(),
        registry: Client::new(ClientConfig::new(credentials.clone())).unwrap(),
        endpoints: EndpointMap::default(),
        repositories: None,
        credentials,
        sync_records: None,
        machine_id: "test".to_owned(),
        hidden: Vec::new(),
        observer,
        clock: Arc::new(jiff::Timestamp::now),
        ztocs: None,
        gate: None,
        fail_points: FailPoints::default(),
    };
    let options = release::Options {
        compare: true,
        record: None,
    };
    release::run(plan, &context, &options).await
}

#[test]
fn a_cache_that_is_lost_once_is_built_again_and_lost_all_the_time_moves_no_tag() {
    let stage = Stage::new();
    let files = [("docker-bake.hcl", BAKE), ("Dockerfile", DOCKERFILE)];
    let project = Project::of(&stage.registry.address, &files);

    let plan = plan(&project, SociWish::Off);
    let bench = Bench::new();
    let error = bench.run(&plan, usize::MAX, bench.prune()).unwrap_err();
    assert!(matches!(error, ReleaseError::Unstable { .. }), "{error}");
    assert!(stage.registry.tags("app").is_empty());

    let record = bench.run(&plan, 1, bench.prune()).unwrap();
    let image = &record.images["default"];
    let reference = format!("{}/app:live", stage.registry.address);
    assert_eq!(crane(&["digest", &reference]), image.digest.to_string());
    // What the record says of the image is what the image is.
    let manifest: serde_json::Value =
        serde_json::from_str(&crane(&["manifest", &reference])).unwrap();
    let recorded = image.platforms.values().next().unwrap();
    assert_eq!(
        manifest["config"]["digest"],
        recorded.config.unwrap().to_string()
    );
    let layers: Vec<_> = recorded
        .layers
        .iter()
        .map(|layer| layer.digest.to_string())
        .collect();
    let pushed = manifest["layers"].as_array().unwrap();
    let pushed: Vec<_> = pushed
        .iter()
        .map(|layer| layer["digest"].as_str().unwrap())
        .collect();
    assert_eq!(pushed, layers);
}

/// The project with SOCI indexes: every layer counts, the step's of some 200 bytes too.
fn lazy_project(stage: &Stage) -> Project {
    lazy_project_of(stage, BAKE, "")
}

fn lazy_project_of(stage: &Stage, bake: &str, settings: &str) -> Project {
    let settings = format!("soci {{ min_layer_size = 0 }}\n{settings}");
    let files = [
        ("docker-bake.hcl", bake),
        ("Dockerfile", DOCKERFILE),
        ("launchway.hcl", &settings),
    ];
    Project::of(&stage.registry.address, &files)
}

/// A SOCI index is made of evaluated layers. A daemon that loses them in between publishes others,
/// and no annotation may name an index that was made for those that are gone.
#[test]
fn a_cache_that_is_lost_leaves_no_annotation_that_names_other_layers() {
    let stage = Stage::new();
    let project = lazy_project(&stage);
    let plan = plan(&project, SociWish::AsDeclared);
    let bench = Bench::new();

    let error = bench.run(&plan, usize::MAX, bench.prune()).unwrap_err();
    assert!(
        matches!(error, ReleaseError::SociMismatch { .. }),
        "{error}"
    );
    assert!(stage.registry.tags("app").is_empty());
    check_annotations(&stage.registry);

    bench.run(&plan, 1, bench.prune()).unwrap();
    assert!(check_annotations(&stage.registry) >= 1);
    let reference = format!("{}/app:live", stage.registry.address);
    assert_eq!(read_with_official_library(&reference)[0].ztocs, 2);
}

/// The base's tag moves between evaluation and publication: what was evaluated is published.
#[test]
fn a_base_that_moves_changes_the_next_release_and_not_this_one() {
    let stage = Stage::new();
    move_the_base(&stage, &lazy_project(&stage));
}

/// The same where the Dockerfile names an image of Docker Hub, and a mirror has it.
#[test]
fn a_base_that_moves_on_a_mirror_changes_the_next_release_and_not_this_one() {
    let stage = Stage::new();
    let bake = BAKE.replace("${REGISTRY}/base/", "base/");
    let mirror = "base_images {\n  mirrors = { \"docker.io\" = REGISTRY }\n}\n";
    move_the_base(&stage, &lazy_project_of(&stage, &bake, mirror));
}

fn move_the_base(stage: &Stage, project: &Project) {
    let plan = plan(project, SociWish::AsDeclared);
    let bench = Bench::new();

    let base = format!("{}/base/busybox:stable", stage.registry.address);
    let before = document(&base);
    let moved = base.clone();
    let record = bench
        .run(&plan, 1, move || {
            // Another image: one more layer.
            let folder = tempfile::tempdir().unwrap();
            let layer = folder.path().join("layer.tar");
            let status = std::process::Command::new("tar")
                .args(["-cf", layer.to_str().unwrap(), "-C", "/etc", "hostname"])
                .status();
            assert!(status.unwrap().success());
            let from = moved.clone();
            crane(&[
                "append",
                "--platform=linux/amd64",
                "-b",
                &from,
                "-f",
                layer.to_str().unwrap(),
                "-t",
                &moved,
            ]);
        })
        .unwrap();
    assert_ne!(document(&base), before, "the base has moved");
    assert_eq!(check_annotations(&stage.registry), 1);
    let platform = record.images["default"].platforms.values().next().unwrap();
    assert_eq!(platform.layers.len(), 2, "the base as it was, and the step");
    let reference = format!("{}/app:live", stage.registry.address);
    assert_eq!(read_with_official_library(&reference)[0].ztocs, 2);
}
