//! Help is part of the interface: every change of it is seen here.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

fn help(verb: &str) -> String {
    TestEnvironment::new().run(&[verb, "--help"]).answer()
}

#[test]
fn without_a_verb() {
    let environment = TestEnvironment::new();
    let shown = environment.run(&["--help"]).answer();
    assert_snapshot!(shown, @"");
    // The same, as talk: a script that forgot the verb must not take it for an answer.
    assert_eq!(environment.run(&[]).refusal(2), shown);
}

#[test]
fn release() {
    assert_snapshot!(help("release"), @"");
}

#[test]
fn plan() {
    assert_snapshot!(help("plan"), @"");
}

#[test]
fn bake() {
    assert_snapshot!(help("bake"), @"");
}

#[test]
fn build() {
    assert_snapshot!(help("build"), @"");
}

#[test]
fn completions() {
    assert_snapshot!(help("completions"), @"");
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for verb in [
        "release",
        "plan",
        "bake",
        "build",
        "engine",
        "doctor",
        "completions",
    ] {
        let shown = help(verb);
        let widest = shown
            .lines()
            .max_by_key(|line| line.chars().count())
            .unwrap();
        assert!(widest.chars().count() <= 100, "{verb}: {widest}");
    }
}
