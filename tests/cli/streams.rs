//! Answers to stdout, talk to stderr, colour only where it is wanted, JSON where it was asked for.

use std::process::Stdio;

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

const WEB: &str = "target \"web\" {\n  tags = [\"registry.test/web:1\"]\n}\n";

#[test]
fn version_is_an_answer() {
    let environment = TestEnvironment::new();
    let version = concat!("launchway ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(environment.run(&["--version"]).answer(), version);
    assert_eq!(environment.run(&["version"]).answer(), version);
}

#[test]
fn print_is_an_answer_that_is_json() {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", WEB);
    let answer = environment.run(&["bake", "web", "--print"]).answer();
    let value: serde_json::Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(value["target"]["web"]["tags"][0], "registry.test/web:1");
}

#[test]
fn no_colour_without_a_terminal_and_colour_when_told() {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", WEB);
    let plain = environment.run(&["bake", "nobody", "--print"]).refusal(3);
    assert!(!plain.contains('\x1b'), "{plain:?}");
    let coloured = environment.run(&["bake", "nobody", "--print", "--color", "always"]);
    assert!(coloured.refusal(3).starts_with("\x1b[1;31merror:\x1b[0m "));
    let never = environment.run_with("NO_COLOR", "1", &["bake", "nobody", "--print"]);
    assert_eq!(never.refusal(3), plain);
}

#[test]
fn help_has_no_colour_without_a_terminal() {
    let help = TestEnvironment::new().run_with("TERM", "xterm-256color", &["--help"]);
    assert!(!help.answer().contains('\x1b'));
}

#[test]
fn errors_are_json_where_progress_is() {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", WEB);
    let arguments = ["bake", "nobody", "--print", "--progress", "rawjson"];
    let said = environment.run(&arguments).refusal(3);
    let error: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(error["error"]["exit"], 3);
    assert_eq!(error["error"]["temporary"], false);
    assert!(
        error["error"]["message"]
            .as_str()
            .unwrap()
            .contains("nobody")
    );
}

#[test]
fn quiet_keeps_errors() {
    let environment = TestEnvironment::new();
    assert_snapshot!(environment.run(&["bake", "-q", "--load"]).refusal(2), @"
    error: --load is not available in this version of Launchway
    hint: Push to a registry with --push.
    ");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let environment = TestEnvironment::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = environment.command(&["completions", "bash"]);
    let output = command.stdout(Stdio::from(writer)).output().unwrap();
    let outcome = environment.outcome(&output);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}
