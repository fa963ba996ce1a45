//! The data-driven tests: every folder of testdata/bake is one case, with input files and
//!
//! - `args`: one word per line and what belongs to it: `target`, `set`, `env`, `file`, `platform`,
//!   `source`, `environment`, and the flags `push`, `load`, `no-cache`, `pull`, `ignore-settings`,
//!   `only-soci`, `only-prune` (and no targets are needed), `any-environment` (one has to be chosen)
//! - `expected.json`: the `--print` document, recorded from buildx by testdata/bake/record.sh,
//!   unless a `note` says why it differs
//! - or `expected.err`: the error's text
//! - `expected.warn`: the warnings, when there are any
//! - `expected.settings`: what our own blocks say, in testdata/config
//!
//! `BLESS=1` writes what is not recorded from buildx.

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Request, load};
use crate::config::{Blocks, EnvironmentChoice};

fn request(directory: &Path) -> Request {
    let mut request = Request {
        directory: directory.to_path_buf(),
        local_platform: "linux/amd64".to_owned(),
        now: 1_700_000_000,
        ..Request::default()
    };
    request
        .environment
        .insert("HOME".to_owned(), "/home/user".to_owned());
    let args = fs::read_to_string(directory.join("args")).unwrap_or_default();
    for line in args.lines().filter(|line| !line.is_empty()) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let pair = || rest.split_once('=').unwrap_or((rest, ""));
        match word {
            "target" => request.targets.push(rest.to_owned()),
            "set" => request.set.push(rest.to_owned()),
            "file" => request.files.push(rest.into()),
            "platform" => request.platforms.push(rest.to_owned()),
            "push" => request.push = true,
            "load" => request.load = true,
            "no-cache" => request.no_cache = true,
            "ignore-settings" => request.blocks = Blocks::None,
            "only-prune" => {
                request.blocks = Blocks::Only(&["prune"]);
                request.targets_optional = true;
            }
            "only-soci" => request.blocks = Blocks::Only(&["soci"]),
            "pull" => request.pull = true,
            "environment" => request.chosen = EnvironmentChoice::Named(rest.to_owned()),
            "any-environment" => request.chosen = EnvironmentChoice::Required,
            "env" => {
                let (name, value) = pair();
                request
                    .environment
                    .insert(name.to_owned(), value.to_owned());
            }
            "source" => {
                let (name, value) = pair();
                let text = Some(value.to_owned());
                match name {
                    "commit" => request.source.commit = text,
                    "branch" => request.source.branch = text,
                    "tag" => request.source.tag = text,
                    "time" => request.source.time = value.parse().ok(),
                    "missing" => request.source.missing = value.to_owned(),
                    _ => panic!("{}: unknown source fact {name}", directory.display()),
                }
            }
            _ => panic!("{}: unknown line {line:?} in args", directory.display()),
        }
    }
    request
}

/// Compares with a file that may be missing when there is nothing to compare.
fn compare(path: &Path, actual: &str, bless: bool, failures: &mut Vec<String>) {
    let expected = fs::read_to_string(path).unwrap_or_default();
    if expected == actual {
        return;
    }
    if bless {
        if actual.is_empty() {
            fs::remove_file(path).unwrap();
        } else {
            fs::write(path, actual).unwrap();
        }
        return;
    }
    failures.push(format!(
        "{}\n--- expected\n{expected}\n--- actual\n{actual}\n",
        path.display()
    ));
}

fn run(area: &str) -> usize {
    #[expect(clippy::disallowed_methods, reason = "a switch of the test itself")]
    let bless = std::env::var_os("BLESS").is_some();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata")
        .join(area);
    let mut cases: Vec<PathBuf> = fs::read_dir(&root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    cases.sort();
    let mut failures = Vec::new();
    for case in &cases {
        let ours = bless && (area == "config" || case.join("note").exists());
        let (document, error, warnings, settings) = match load(&request(case)) {
            Ok(bake) => {
                let warnings: Vec<String> = bake.warnings.iter().map(ToString::to_string).collect();
                let settings = format!("selected: {:?}\n{:#?}\n", bake.selected, bake.settings);
                (
                    bake.print_text(),
                    String::new(),
                    warnings.join("\n"),
                    settings,
                )
            }
            Err(error) => {
                let mut text = error.to_string();
                if let Some(source) = error.source() {
                    text = format!("{text}: {source}");
                }
                // Where the case is, is not part of it.
                let text = text.replace(&case.display().to_string(), "DIRECTORY");
                (String::new(), text + "\n", String::new(), String::new())
            }
        };
        let warnings = if warnings.is_empty() {
            warnings
        } else {
            warnings + "\n"
        };
        compare(&case.join("expected.err"), &error, bless, &mut failures);
        compare(&case.join("expected.warn"), &warnings, bless, &mut failures);
        if area == "config" {
            compare(
                &case.join("expected.settings"),
                &settings,
                bless,
                &mut failures,
            );
        } else {
            compare(&case.join("expected.json"), &document, ours, &mut failures);
        }
    }
    assert!(
        failures.is_empty(),
        "{} failures:\n{}",
        failures.len(),
        failures.join("\n")
    );
    cases.len()
}

#[test]
fn bake_files_give_what_buildx_prints() {
    assert!(run("bake") >= 1);
}

#[test]
fn own_blocks_become_settings() {
    assert!(run("config") >= 1);
}
