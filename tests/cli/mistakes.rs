//! What is said about command lines and environments that are wrong.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

fn usage(arguments: &[&str]) -> String {
    TestEnvironment::new().run(arguments).refusal(2)
}

#[test]
fn an_unknown_flag() {
    assert_snapshot!(usage(&["release", "--basline", "none"]), @"
    error: unexpected argument '--basline' found

      tip: a similar argument exists: '--baseline'

    Usage: launchway release --baseline <BASELINE> [TARGET]...

    For more information, try '--help'.
    ");
}

#[test]
fn an_unknown_verb() {
    assert_snapshot!(usage(&["relaese"]), @"
    error: unrecognized subcommand 'relaese'

      tip: a similar subcommand exists: 'release'

    Usage: launchway [OPTIONS] <VERB>

    For more information, try '--help'.
    ");
}

#[test]
fn flags_that_come_later_are_refused_by_name() {
    assert_snapshot!(usage(&["bake", "--load"]), @"
    error: --load is not available in this version of Launchway
    hint: Push to a registry with --push.
    ");
    assert_snapshot!(usage(&["build", ".", "--secret", "id=npm,src=.npmrc", "-o", "type=local,dest=out"]), @"
    error: --secret and --output are not available in this version of Launchway
    hint: Push to a registry with --push.
    ");
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
    assert_snapshot!(usage(&["release", "--platform", "amd64"]), @"
    error: invalid value 'amd64' for '--platform <PLATFORM>': `amd64` is not a platform; expected os/architecture, for example linux/arm64

    For more information, try '--help'.
    ");
    assert_snapshot!(usage(&["release", "--baseline", "production"]), @"
    error: invalid value 'production' for '--baseline <BASELINE>': expected tag:NAME, record:FILE or none

    For more information, try '--help'.
    ");
    assert_snapshot!(usage(&["build", ".", "--build-arg", "=1"]), @"
    error: invalid value '=1' for '--build-arg <KEY[=VALUE]>': expected KEY=VALUE

    For more information, try '--help'.
    ");
    assert_snapshot!(usage(&["build"]), @"
    error: the following required arguments were not provided:
      <PATH>

    Usage: launchway build <PATH>

    For more information, try '--help'.
    ");
}

#[test]
fn a_form_of_progress_that_is_none() {
    let environment = TestEnvironment::new();
    let outcome = environment.run_with("BUILDKIT_PROGRESS", "fancy", &["version"]);
    assert_snapshot!(outcome.refusal(2), @"
    error: `fancy` is not a form of progress; expected auto, tty, plain, quiet, none or rawjson
    hint: It comes from the environment variable BUILDKIT_PROGRESS.
    ");
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
    assert_snapshot!(said, @"error: no bake file in $WORK; looked for docker-bake.json, docker-bake.hcl, docker-bake.override.json, docker-bake.override.hcl, launchway.hcl; name one with -f");
}

#[test]
fn a_target_that_is_not_there() {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", "target \"web\" {}\n");
    assert_snapshot!(environment.run(&["bake", "wep", "--print"]).refusal(3), @r#"error: there is no target "wep"; did you mean "web"?"#);
}

#[test]
fn an_engine_that_is_not_there() {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", "target \"default\" {}\n");
    environment.write("Dockerfile", "FROM scratch\n");
    let outcome = environment.run(&["bake", "--engine", "unix:///nowhere/buildkitd.sock"]);
    assert_snapshot!(outcome.refusal(11), @"
    warning: no output: the result stays in the engine's cache; --push sends it to a registry
    error: no BuildKit answers at unix:///nowhere/buildkitd.sock
      caused by: No such file or directory (os error 2)
    hint: Check that buildkitd runs there, and --engine and BUILDKIT_HOST.
    ");
}

#[test]
fn debug_shows_the_typed_error_before_the_report() {
    let environment = TestEnvironment::new();
    let said = environment.run(&["bake", "--print", "--debug"]).refusal(3);
    assert!(said.starts_with("NoFiles {"), "{said}");
    assert!(
        said.lines()
            .last()
            .unwrap()
            .starts_with("error: no bake file"),
        "{said}"
    );
}

#[test]
fn an_endpoint_that_is_none() {
    let endpoint = "registry.example.com=http://me:planted@127.0.0.1:5000/v2";
    let environment = TestEnvironment::new();
    let run = environment.run_with("LAUNCHWAY_REGISTRY_ENDPOINTS", endpoint, &["plan"]);
    assert_snapshot!(run.refusal(3), @"
    error: the environment variable LAUNCHWAY_REGISTRY_ENDPOINTS cannot be used
      caused by: `registry.example.com=http://127.0.0.1:5000/v2`: a registry's API is at the root of a host: no path, login, query or fragment
    hint: Write `HOST=URL`, and commas between several: `registry.example.com=https://vpce-1.example.com`.
    ");
}
