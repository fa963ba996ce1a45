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
use launchway::registry::{Client, ClientConfig};
use launchway::release::record::Record;
use launchway::release::{self, Context, Event, FailPoints, Observer, ReleaseError};
use tokio::runtime::Runtime;

use crate::support::{Project, Stage, crane, libexec};

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

fn plan(project: &Project) -> Plan {
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
        soci: SociWish::AsDeclared,
    };
    plan::make(&bake, &Source::default(), &options).unwrap()
}

/// Runs the plan; the daemon's cache is pruned between its steps, so many times.
fn run(project: &Project, times: usize) -> Result<Record, ReleaseError> {
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
    let pruned = AtomicUsize::new(0);
    let address = engine.address.clone();
    let observer: Observer = Arc::new(move |event| {
        // After comparing, and before what differed is evaluated again.
        if matches!(event, Event::Compared { .. } | Event::Warning { .. })
            && pruned.fetch_add(1, Ordering::Relaxed) < times
        {
            // On a thread of its own: the run waits in this call, as a busy machine would make it.
            let address = address.clone();
            let prune = move || {
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
            };
            std::thread::spawn(prune).join().unwrap();
        }
    });
    let plan = plan(project);
    let result = runtime.block_on(release(&plan, &engine, observer));
    let grace = Duration::from_secs(5);
    runtime.block_on(engine::stop(&request, grace)).unwrap();
    result
}

async fn release(plan: &Plan, engine: &Engine, observer: Observer) -> Result<Record, ReleaseError> {
    let credentials = Arc::new(Keychain::new(KeychainConfig::default()));
    let context = Context {
        engine: engine.client.clone(),
        engine_id: engine.worker_id.clone(),
        platforms: engine.platforms.clone(),
        registry: Client::new(ClientConfig::new(credentials.clone())).unwrap(),
        repositories: None,
        credentials,
        sync_records: None,
        machine_id: "test".to_owned(),
        hidden: Vec::new(),
        observer,
        clock: Arc::new(jiff::Timestamp::now),
        ztocs: None,
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

    let error = run(&project, usize::MAX).unwrap_err();
    assert!(matches!(error, ReleaseError::Unstable { .. }), "{error}");
    assert!(stage.registry.tags("app").is_empty());

    let record = run(&project, 1).unwrap();
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
