//! `soci attach` and `soci explain`: on images of the real daemon and of other tools, read back by
//! the snapshotter's own code, and on registries that fail.

mod built;
mod faults;
mod plain;

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{Outcome, crane, part};

/// Arguments that make small layers large.
const SMALL: [&str; 4] = ["--min-layer-size", "50KiB", "--span-size", "64KiB"];
/// On an image manifest: its SOCI index.
const ANNOTATION: &str = "com.amazon.soci.index-digest";
/// The artifact type of SOCI indexes v2.
const V2: &str = "application/vnd.amazon.soci.index.v2+json";

/// `launchway soci`, with a home and a state of its own.
struct Soci {
    home: TempDir,
}

impl Soci {
    fn new() -> Self {
        Self {
            home: tempfile::Builder::new().prefix("lw-").tempdir().unwrap(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launchway"));
        command
            .arg("soci")
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("LAUNCHWAY_STATE_DIR", self.home.path().join("state"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments).output().unwrap())
    }

    /// Attaches, and returns the digest that was printed.
    #[track_caller]
    fn attach(&self, reference: &str, more: &[&str]) -> String {
        let outcome = self.try_attach(reference, more);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let (_, digest) = outcome.stdout.trim_end().split_once('@').unwrap();
        digest.to_owned()
    }

    fn try_attach(&self, reference: &str, more: &[&str]) -> Outcome {
        let mut arguments = vec!["attach", reference];
        arguments.extend(SMALL);
        arguments.extend(more);
        self.run(&arguments)
    }

    /// The codes of what `explain` finds.
    fn explain(&self, reference: &str) -> Vec<String> {
        let outcome = self.run(&["explain", reference, "--format", "json"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let explanation: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let findings = explanation["findings"].as_array().unwrap();
        let codes = findings.iter().map(|one| one["code"].as_str().unwrap());
        codes.map(str::to_owned).collect()
    }
}

/// A document of a registry.
fn document(reference: &str) -> Value {
    serde_json::from_str(&crane(&["manifest", reference])).unwrap()
}

/// Pulls an image as the snapshotter does, every file of every indexed layer of every platform.
#[track_caller]
fn pull(reference: &str) {
    let folder = TempDir::new().unwrap();
    let layout = folder.path().join("layout");
    crane(&["pull", "--format=oci", reference, layout.to_str().unwrap()]);
    read_back(&layout, 2);
}

/// The same for an OCI layout; `images` is how many have a SOCI index.
#[track_caller]
fn read_back(layout: &Path, images: usize) {
    let mut oracle = Command::new(part("soci-oracle-v0.15"));
    let output = oracle
        .args(["pull", layout.to_str().unwrap()])
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    assert_eq!(said.matches(V2).count(), images, "{said}");
    let mounts = said.lines().filter(|line| line.starts_with("mount:"));
    let mounts: Vec<&str> = mounts.collect();
    assert!(mounts.len() >= images, "{said}");
    assert!(
        mounts.iter().all(|line| line.ends_with("failures=0")),
        "{said}"
    );
}
