//! Registries that fail: a real daemon and the real binary against the in-process registry, for
//! what a healthy registry cannot be made to show.

use launchway::exit;
use launchway::registry::fault::{Fault, FaultRegistry, Quirks, Requests};
use tokio::runtime::Runtime;

use crate::support::{Engine, Project};

const BAKE: &str = r#"
variable "REGISTRY" {}
group "default" { targets = ["one", "two"] }
target "one" {
  dockerfile-inline = "FROM scratch\nCOPY one /\n"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${REGISTRY}/shop/one:production"]
}
target "two" {
  inherits          = ["one"]
  dockerfile-inline = "FROM scratch\nCOPY two /\n"
  tags              = ["${REGISTRY}/shop/two:production"]
}
"#;

struct Faulty {
    registry: FaultRegistry,
    engine: Engine,
    project: Project,
    folder: tempfile::TempDir,
    // The registry's connections live on it; it goes last.
    _runtime: Runtime,
}

impl Faulty {
    fn new(quirks: Quirks) -> Self {
        let runtime = Runtime::new().unwrap();
        let registry = runtime.block_on(FaultRegistry::start(quirks)).unwrap();
        let folder = tempfile::Builder::new().prefix("lw-").tempdir().unwrap();
        let engine = Engine::in_folder(&folder.path().join("state"));
        let address = registry.host();
        let files = [("docker-bake.hcl", BAKE), ("one", "1\n"), ("two", "1\n")];
        let project = Project::of(&address, &files);
        Self {
            registry,
            engine,
            project,
            folder,
            _runtime: runtime,
        }
    }

    fn tags(&self) -> usize {
        self.registry.tags("shop/one").len() + self.registry.tags("shop/two").len()
    }
}

#[test]
fn a_registry_that_is_busy_for_a_moment_fails_nothing() {
    let stage = Faulty::new(Quirks::default());
    let manifests = |method| Requests::new(method, "/manifests/");
    stage
        .registry
        .fail(manifests("PUT"), Fault::unavailable(), 2);
    stage
        .registry
        .fail(manifests("GET"), Fault::too_many_requests("1"), 1);
    stage.registry.fail(
        Requests::new("POST", "/blobs/uploads/"),
        Fault::unavailable(),
        1,
    );
    stage.engine.succeed(&stage.project, &["release"]);
    assert_eq!(stage.tags(), 2);
}

#[test]
fn a_tag_that_cannot_be_moved_is_named_and_the_next_run_moves_it() {
    let stage = Faulty::new(Quirks::default());
    let tag = Requests::new("PUT", "/shop/two/manifests/production");
    stage.registry.fail(tag, Fault::unavailable(), 100);
    let outcome = stage.engine.run(&stage.project, &["release"]);
    outcome.assert_failed(
        exit::TEMPORARY,
        &["1 of 2 tags", "/shop/two:production", "503"],
    );
    assert_eq!(stage.project.record()["state"], "published");

    let healthy = stage.registry.tags("shop/one");
    stage.registry.heal();
    stage.engine.succeed(&stage.project, &["release"]);
    assert_eq!(stage.tags(), 2);
    assert_eq!(stage.registry.tags("shop/one"), healthy);
    assert_eq!(stage.project.record()["state"], "complete");
}

#[test]
fn an_index_that_cannot_be_pushed_moves_no_tag() {
    let stage = Faulty::new(Quirks::default());
    stage.engine.succeed(&stage.project, &["release"]);
    let before = (
        stage.registry.tags("shop/one"),
        stage.registry.tags("shop/two"),
    );
    stage.project.write("one", "2\n");
    stage.project.write("two", "2\n");
    // Every index is put by us, by digest; every image manifest by the daemon before.
    let refused = Fault::refuse(403, "DENIED", "no permission to write");
    stage
        .registry
        .fail(Requests::new("PUT", "/shop/two/manifests/"), refused, 100);
    let outcome = stage.engine.run(&stage.project, &["release"]);
    outcome.assert_failed(exit::REGISTRY, &["shop/two", "hint:"]);
    let after = (
        stage.registry.tags("shop/one"),
        stage.registry.tags("shop/two"),
    );
    assert_eq!(after, before);
}

#[test]
fn on_an_ecr_like_registry_equal_digests_succeed_and_missing_repositories_are_named() {
    let password = "planted-ecr-secret";
    let stage = Faulty::new(Quirks {
        immutable_tags: true,
        ..Quirks::ecr(password, &["shop/one"])
    });
    let auth = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(format!("AWS:{password}"))
    };
    let config = stage.folder.path().join("docker");
    std::fs::create_dir_all(&config).unwrap();
    let address = &stage.project.registry;
    let text = format!(r#"{{"auths":{{"{address}":{{"auth":"{auth}"}}}}}}"#);
    std::fs::write(config.join("config.json"), text).unwrap();
    let run = |targets: &[&str]| {
        let mut command = stage
            .engine
            .command(&stage.project, &["release", "--tag", "v1"]);
        let output = command
            .args(targets)
            .env("DOCKER_CONFIG", &config)
            .output()
            .unwrap();
        let outcome = crate::support::Outcome::of(output);
        assert!(!outcome.stderr.contains(password), "{}", outcome.stderr);
        outcome
    };

    let both = run(&[]);
    both.assert_failed(exit::REGISTRY, &["shop/two", "create_repositories"]);
    assert_eq!(stage.tags(), 0);

    // Twice: the second run puts the same digest under an immutable tag.
    for _ in 0..2 {
        let one = run(&["one"]);
        assert_eq!(one.code, Some(0), "{}", one.stderr);
    }
    stage.project.write("one", "2\n");
    let moved = run(&["one"]);
    moved.assert_failed(exit::REGISTRY, &["v1", "immutable"]);
}
