//! Bad input: each mistake is reported with its place, by the right exit code, and no tag moves.

use launchway::exit;

use crate::support::{Engine, Project, Registry, Stage};

const BAKE: &str = r#"variable "REGISTRY" {}

target "default" {
  platforms = ["linux/amd64"]
  tags      = ["${REGISTRY}/app:dev"]
}
"#;

fn project(registry: &Registry, dockerfile: &str) -> Project {
    Project::of(
        &registry.address,
        &[("docker-bake.hcl", BAKE), ("Dockerfile", dockerfile)],
    )
}

#[test]
fn files_that_are_wrong_are_reported_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::in_folder(folder.path());
    let cases: [(&str, &[&str], u8, &[&str]); 6] = [
        (
            "target \"default\" {\n  tags = [\"a\"\n}\n",
            &[],
            exit::CONFIGURATION,
            &["docker-bake.hcl:"],
        ),
        (
            "target \"web\" {\n  dockerfile = \"Dockerfile\"\n}\n",
            &["wbe"],
            exit::CONFIGURATION,
            &["wbe", "did you mean", "web"],
        ),
        (
            "variable \"A\" { default = B }\nvariable \"B\" { default = A }\ntarget \"default\" {\n  tags = [A]\n}\n",
            &[],
            exit::CONFIGURATION,
            &["docker-bake.hcl:1:10", "depends on itself"],
        ),
        (
            "target \"default\" {\n  dockerfile = \"Dockerfile_nope\"\n  tags = [\"127.0.0.1:1/x:1\"]\n}\n",
            &[],
            exit::CONFIGURATION,
            &["Dockerfile_nope"],
        ),
        (
            "target \"default\" {\n  tags = [undefined_name]\n}\n",
            &[],
            exit::CONFIGURATION,
            &["docker-bake.hcl:2", "undefined_name"],
        ),
        (
            "release {\n  tgas = [\"x\"]\n}\ntarget \"default\" {}\n",
            &[],
            exit::CONFIGURATION,
            &["docker-bake.hcl:2", "tgas", "did you mean", "tags"],
        ),
    ];
    for (bake, targets, code, says) in cases {
        let project = Project::of(
            "127.0.0.1:1",
            &[("docker-bake.hcl", bake), ("Dockerfile", "FROM scratch\n")],
        );
        let mut arguments = vec!["release"];
        arguments.extend(targets);
        engine.run(&project, &arguments).assert_failed(code, says);
    }
}

#[test]
fn a_failing_step_is_shown_last_with_its_output_and_its_line() {
    let stage = Stage::new();
    let dockerfile = format!(
        "FROM {}/base/busybox:stable\nRUN echo first\nRUN echo the reason && exit 7\n",
        stage.registry.address
    );
    let project = project(&stage.registry, &dockerfile);
    let outcome = stage.engine.run(&project, &["release"]);
    outcome.assert_failed(
        exit::BUILD_FAILED,
        &[
            "default/amd64",
            "the reason",
            "Dockerfile:3",
            "exit code: 7",
        ],
    );
    let end = outcome.stderr.rfind("the reason").unwrap();
    assert!(
        outcome.stderr[end..].lines().count() < 25,
        "{}",
        outcome.stderr
    );
    assert_eq!(stage.registry.tags("app").len(), 0);

    project.write("Dockerfile", "FROM scratch\nCPOY . /\n");
    let outcome = stage.engine.run(&project, &["release"]);
    outcome.assert_failed(exit::BUILD_FAILED, &["CPOY", "Dockerfile:2"]);
}

#[test]
fn a_failing_stage_that_targets_share_is_placed_in_its_file() {
    let stage = Stage::new();
    let project = stage.shop();
    let dockerfile = project.read("app/Dockerfile");
    let broken = dockerfile.replace("RUN sh build.sh /out", "RUN echo the reason && exit 7");
    assert_ne!(broken, dockerfile);
    project.write("app/Dockerfile", &broken);
    let line = broken
        .lines()
        .position(|line| line.contains("exit 7"))
        .unwrap()
        + 1;
    let outcome = stage.engine.run(&project, &["release", "api", "batch"]);
    outcome.assert_failed(
        exit::BUILD_FAILED,
        &["the reason", &format!("app/Dockerfile:{line}")],
    );
    assert!(stage.registry.tags("shop-api").is_empty());
}

#[test]
fn an_engine_that_does_not_answer_is_named() {
    let stage = Stage::new();
    let project = project(&stage.registry, "FROM scratch\nCOPY Dockerfile /\n");
    let engine = ["--engine", "unix:///nowhere/buildkitd.sock", "release"];
    stage.engine.run(&project, &engine).assert_failed(
        exit::ENGINE_UNREACHABLE,
        &["unix:///nowhere/buildkitd.sock"],
    );
    for later in ["docker-container://x", "kube-pod://x", "ssh://x"] {
        let outcome = stage.engine.run(&project, &["--engine", later, "release"]);
        assert!(
            outcome.stderr.contains("not available in this version"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_platform_that_the_engine_lacks_is_refused_before_anything_runs() {
    let stage = Stage::new();
    let project = project(&stage.registry, "FROM scratch\nCOPY Dockerfile /\n");
    let arguments = ["release", "--platform", "linux/s390x"];
    let outcome = stage.engine.run(&project, &arguments);
    outcome.assert_failed(
        exit::CONFIGURATION,
        &["linux/s390x", "linux/amd64", "launchway doctor"],
    );
    assert_eq!(stage.registry.tags("app").len(), 0);
}

#[test]
fn a_registry_that_is_not_there_fails_as_a_registry() {
    let stage = Stage::new();
    let project = project(&stage.registry, "FROM scratch\nCOPY Dockerfile /\n");
    // Nothing listens on port 1 of loopback.
    let outcome = Outcome::with_registry(&stage, &project, "127.0.0.1:1");
    assert!(
        outcome.code == Some(i32::from(exit::REGISTRY))
            || outcome.code == Some(i32::from(exit::TEMPORARY)),
        "{outcome:?}"
    );
    assert!(outcome.stderr.contains("127.0.0.1:1"), "{}", outcome.stderr);
}

use crate::support::Outcome;

impl Outcome {
    fn with_registry(stage: &Stage, project: &Project, registry: &str) -> Self {
        let mut command = stage.engine.command(project, &["release"]);
        Self::of(command.env("REGISTRY", registry).output().unwrap())
    }
}

/// A folder on a file system of its own that has no room; unmounted when dropped.
struct FullDisk(std::path::PathBuf);

impl FullDisk {
    fn mount(folder: &std::path::Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let mut mount = std::process::Command::new("mount");
        mount
            .args(["-t", "tmpfs", "-o", "size=16k", "tmpfs"])
            .arg(folder);
        assert!(
            mount.status().unwrap().success(),
            "these tests need root to mount"
        );
        // Fails when the disk is full, which is the point.
        let _ = std::fs::write(folder.join("filler"), vec![0; 1 << 20]);
        Self(folder.to_owned())
    }
}

impl Drop for FullDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_fails_before_a_tag_moves_and_the_next_run_finishes() {
    let stage = Stage::new();
    let project = project(&stage.registry, "FROM scratch\nCOPY Dockerfile /\n");
    let output = project.path().join("launchway-out");
    let disk = FullDisk::mount(&output);
    let outcome = stage.engine.run(&project, &["release"]);
    outcome.assert_failed(exit::UNEXPECTED, &["release.json", "No space left"]);
    assert!(stage.registry.tags("app").is_empty());
    drop(disk);
    stage.engine.succeed(&project, &["release"]);
    assert_eq!(stage.registry.tags("app").len(), 1);
}
