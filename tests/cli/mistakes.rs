//! What is said about command lines and environments that are wrong.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

fn usage(arguments: &[&str]) -> String {
    TestEnvironment::new().run(arguments).refusal(2)
}

#[test]
fn an_unknown_flag() {
    assert_snapshot!(usage(&["release", "--basline", "none"]), @"");
}

#[test]
fn an_unknown_verb() {
    assert_snapshot!(usage(&["relaese"]), @"");
}

#[test]
fn flags_that_come_later_are_refused_by_name() {
    assert_snapshot!(usage(&["bake", "--load"]), @"");
    assert_snapshot!(usage(&["build", ".", "--secret", "id=npm,src=.npmrc", "-o", "type=local,dest=out"]), @"");
    for flag in [
        "--call",
        "--allow",
        "--list",
        "--var",
        "--builder",
        "--sbom",
        "--provenance",
    ] {
        let said = usage(&["bake", flag, "value"]);
        assert!(said.contains(&format!("{flag} is not available")), "{said}");
    }
    for flag in [
        "--ssh",
        "--output",
        "--call",
        "--build-context",
        "--cache-from",
        "--cache-to",
        "--no-cache-filter",
        "--iidfile",
        "--builder",
        "--attest",
        "--annotation",
        "--add-host",
        "--network",
        "--shm-size",
        "--ulimit",
        "-m",
        "-c",
    ] {
        let said = usage(&["build", flag, "value", "."]);
        assert!(
            said.contains("is not available in this version of Launchway"),
            "{flag}: {said}"
        );
    }
}

#[test]
fn values_that_cannot_be_read() {
    assert_snapshot!(usage(&["release", "--platform", "amd64"]), @"");
    assert_snapshot!(usage(&["release", "--baseline", "production"]), @"");
    assert_snapshot!(usage(&["build", ".", "--build-arg", "=1"]), @"");
    assert_snapshot!(usage(&["build"]), @"");
}

#[test]
fn a_form_of_progress_that_is_none() {
    let environment = TestEnvironment::new();
    let outcome = environment.run_with("BUILDKIT_PROGRESS", "fancy", &["version"]);
    assert_snapshot!(outcome.refusal(2), @"");
    // A flag beats the variable.
    let outcome = environment.run_with(
        "BUILDKIT_PROGRESS",
        "fancy",
        &["version", "--progress=plain"],
    );
    assert_eq!(outcome.code, Some(0));
}

#[test]
fn no_bake_file() {
    let said = TestEnvironment::new().run(&["bake", "--print"]).refusal(3);
    assert_snapshot!(said, @"");
}

#[test]
fn a_target_that_is_not_there() {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", "target \"web\" {}\n");
    assert_snapshot!(environment.run(&["bake", "wep", "--print"]).refusal(3), @"");
}

#[test]
fn an_engine_that_is_not_there() {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", "target \"default\" {}\n");
    environment.write("Dockerfile", "FROM scratch\n");
    let outcome = environment.run(&["bake", "--engine", "unix:///nowhere/buildkitd.sock"]);
    assert_snapshot!(outcome.refusal(11), @"");
}
