//! Completion scripts are scripts that their shells can read.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::environment::TestEnvironment;

#[test]
fn bash_can_read_its_script() {
    let script = TestEnvironment::new()
        .run(&["completions", "bash"])
        .answer();
    assert!(script.contains("complete -F _launchway"), "{script}");
    let mut bash = Command::new("bash")
        .args(["-n", "/dev/stdin"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    bash.stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = bash.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn every_shell_gets_one_that_knows_the_verbs() {
    let environment = TestEnvironment::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = environment.run(&["completions", shell]).answer();
        for verb in ["release", "plan", "bake", "build", "engine", "doctor"] {
            assert!(script.contains(verb), "{shell}: {verb}");
        }
    }
}
