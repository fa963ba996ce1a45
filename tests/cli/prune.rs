//! `launchway prune` as far as it goes without AWS: its arguments, its configuration, saved plans, and credentials.

use insta::assert_snapshot;

use crate::environment::{Outcome, TestEnvironment};

fn help(verb: &[&str]) -> String {
    let arguments = [verb, &["--help"]].concat();
    TestEnvironment::new().run(&arguments).answer()
}

#[test]
fn help_of_prune() {
    assert_snapshot!(help(&["prune"]), @"");
}

#[test]
fn help_of_explain() {
    assert_snapshot!(help(&["prune", "explain"]), @"");
}

#[test]
fn help_of_init() {
    assert_snapshot!(help(&["prune", "init"]), @"");
}

/// A project whose block has rules for `shop/*`.
fn project() -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.write(
        "launchway.hcl",
        "prune {\n  expire = \"90d\"\n  repository \"shop/*\" {}\n}\n",
    );
    environment
}

/// A run that could reach AWS, and has no credentials.
fn without_credentials(environment: &TestEnvironment, arguments: &[&str]) -> Outcome {
    let mut command = environment.command(arguments);
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "eu-west-1");
    environment.outcome(&command.output().unwrap())
}

#[test]
fn without_a_block_there_is_nothing_to_go_by() {
    let environment = TestEnvironment::new();
    environment.write("launchway.hcl", "release {}\n");
    assert_snapshot!(environment.run(&["prune"]).refusal(3), @"");
}

#[test]
fn without_credentials_nothing_is_asked() {
    let environment = project();
    assert_snapshot!(without_credentials(&environment, &["prune"]).refusal(12), @"");
    let outcome = without_credentials(&environment, &["prune", "explain", "shop/web:v1"]);
    assert!(outcome.refusal(12).contains("no usable AWS credentials"));
}

#[test]
fn cases_are_known_by_name() {
    let environment = project();
    let outcome = environment.run(&["prune", "--allow", "nothing-used"]);
    assert_snapshot!(outcome.refusal(2), @"");
}

#[test]
fn a_plan_is_for_applying() {
    let environment = project();
    let outcome = environment.run(&["prune", "--plan", "plan.json"]);
    assert_snapshot!(outcome.refusal(2), @"");
}

#[test]
fn a_repository_may_have_the_name_of_an_action() {
    // With a pattern it is no action, and what is missing is AWS.
    let environment = project();
    let outcome = without_credentials(&environment, &["prune", "explai[n]"]);
    assert!(outcome.refusal(12).contains("no usable AWS credentials"));
    let outcome = environment.run(&["prune", "explain"]);
    assert!(outcome.refusal(2).contains("<IMAGE>"));
}

#[test]
fn an_image_has_a_digest_of_some_length() {
    let outcome = project().run(&["prune", "explain", "web@sha256:12"]);
    assert_snapshot!(outcome.refusal(2), @"");
}

#[test]
fn an_ecrm_yaml_is_converted() {
    let environment = TestEnvironment::new();
    environment.write(
        "ecrm.yaml",
        "repositories:\n  - name_pattern: \"shop/*\"\n    expires: 30days\n    keep_count: 5\n",
    );
    let outcome = environment.run(&[
        "prune",
        "init",
        "--from",
        "ecrm.yaml",
        "-o",
        "launchway.hcl",
    ]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let written = std::fs::read_to_string(environment.directory().join("launchway.hcl")).unwrap();
    assert!(written.contains("repository \"shop/*\""), "{written}");
    // What is there is not written over.
    let outcome = environment.run(&[
        "prune",
        "init",
        "--from",
        "ecrm.yaml",
        "-o",
        "launchway.hcl",
    ]);
    assert_snapshot!(outcome.refusal(3), @"");
    environment.write("ecrm.yaml", "repositories:\n  - name: a\n    expire: 30d\n");
    let outcome = environment.run(&["prune", "init", "--from", "ecrm.yaml"]);
    assert_snapshot!(outcome.refusal(3), @"");
}
