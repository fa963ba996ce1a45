//! Every folder of `testdata/prune_ecrm` is an ecrm.yaml with its block (`expected.hcl`) and notes
//! (`expected.notes`), or its error (`expected.err`). `BLESS=1` writes them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::document::{self, Config, Entry};
use super::*;
use crate::bake::{self, Request};
use crate::config::{Blocks, KeepRule, PruneSettings};
use crate::prune::{AgeFrom, NamePattern};

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/prune_ecrm");
    let mut cases: Vec<PathBuf> = fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    cases
}

/// What our own reader makes of a block.
fn load(hcl: &str) -> PruneSettings {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("launchway.hcl"), hcl).unwrap();
    let bake = bake::load(&Request {
        directory: directory.path().to_owned(),
        targets_optional: true,
        blocks: Blocks::Only(&["prune"]),
        ..Request::default()
    });
    let bake = bake.unwrap_or_else(|error| {
        let source = std::error::Error::source(&error).map(ToString::to_string);
        panic!("{error} {}\n{hcl}", source.unwrap_or_default())
    });
    assert!(bake.warnings.is_empty(), "{:?}", bake.warnings);
    bake.settings.prune.unwrap()
}

fn notes(conversion: &Conversion) -> String {
    let mut text = String::new();
    for note in &conversion.notes {
        let line = note
            .line
            .map(|line| format!("{line}: "))
            .unwrap_or_default();
        writeln!(text, "{line}{}", note.text).unwrap();
    }
    text
}

#[test]
fn files_become_blocks() {
    #[expect(clippy::disallowed_methods, reason = "a switch of the test itself")]
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    for case in cases() {
        let text = fs::read_to_string(case.join("ecrm.yaml")).unwrap();
        let (hcl, notes, error) = match convert(&text, Path::new("ecrm.yaml")) {
            Ok(conversion) => {
                let notes = notes(&conversion);
                (conversion.hcl, notes, String::new())
            }
            Err(error) => {
                let help = error.help().map(|help| format!("help: {help}\n"));
                let text = format!("{error}\n{}", help.unwrap_or_default());
                (String::new(), String::new(), text)
            }
        };
        for (name, actual) in [
            ("expected.hcl", hcl),
            ("expected.notes", notes),
            ("expected.err", error),
        ] {
            let path = case.join(name);
            if bless && !actual.is_empty() {
                fs::write(&path, &actual).unwrap();
            }
            let expected = fs::read_to_string(&path).unwrap_or_default();
            if expected != actual {
                failures.push(format!("{}\n{actual}", path.display()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// ecrm's matching, written down anew: exact names, and patterns of `*` and `?`.
fn ecrm_matches(entry: &document::Name, name: &str) -> bool {
    fn matches(pattern: &[u8], name: &[u8]) -> bool {
        match (pattern.split_first(), name.split_first()) {
            (None, rest) => rest.is_none(),
            (Some((b'*', pattern)), rest) => {
                matches(pattern, name)
                    || rest.is_some_and(|(_, rest)| matches(&[b"*", pattern].concat(), rest))
            }
            (Some((b'?', pattern)), Some((_, rest))) => matches(pattern, rest),
            (Some((one, pattern)), Some((other, rest))) => one == other && matches(pattern, rest),
            (Some(_), None) => false,
        }
    }
    // Exact names with signs in them are what the conversion understands otherwise.
    matches(entry.pattern.as_str().as_bytes(), name.as_bytes())
}

fn assert_same(config: &Config, settings: &PruneSettings, name: &str) {
    let theirs = config
        .repositories
        .iter()
        .find(|one| !one.name.matches_nothing() && ecrm_matches(&one.name, name));
    let ours = settings
        .repositories
        .iter()
        .find(|one| one.pattern.covers(name));
    assert_eq!(theirs.is_some(), ours.is_some(), "repository {name}");
    if let (Some(theirs), Some(ours)) = (theirs, ours) {
        let policy = &ours.policy;
        let expire = policy.expire.unwrap();
        assert!(expire >= theirs.expires, "{name}");
        assert!(expire.as_secs() < theirs.expires.as_secs() + 7200, "{name}");
        assert_eq!(policy.untagged, expire, "{name}");
        assert_eq!(policy.keep_releases, theirs.keep_count, "{name}");
        let tags = policy.keep_tags.iter().map(NamePattern::as_str);
        assert!(
            tags.eq(theirs.keep_tags.iter().map(String::as_str)),
            "{name}"
        );
        assert_eq!(policy.expire_from, AgeFrom::Push);
        assert!(!policy.remove_tags && !policy.archive);
    }
    let entries = |theirs: &Option<Vec<Entry>>, ours: &[KeepRule], counted: bool| {
        let Some(theirs) = theirs.as_deref().filter(|list| !list.is_empty()) else {
            assert!(ours.is_empty(), "a missing section is all");
            return;
        };
        let names = |entry: &&Entry| entry.names.iter().any(|one| ecrm_matches(one, name));
        let theirs = theirs.iter().find(names).map(|entry| entry.keep);
        let ours = ours.iter().find(|one| one.pattern.covers(name));
        assert_eq!(theirs.is_some(), ours.is_some(), "{name}");
        if counted {
            assert_eq!(theirs, ours.map(|rule| rule.keep), "{name}");
        }
    };
    entries(&config.clusters, &settings.uses.clusters, false);
    entries(&config.families, &settings.uses.families, true);
    entries(&config.functions, &settings.uses.functions, true);
}

#[test]
fn a_block_loads_and_means_the_same() {
    let mut seen = 0;
    for case in cases() {
        let text = fs::read_to_string(case.join("ecrm.yaml")).unwrap();
        let path = Path::new("ecrm.yaml");
        let Ok(conversion) = convert(&text, path) else {
            assert!(case.join("expected.err").exists(), "{}", case.display());
            continue;
        };
        seen += 1;
        let config = document::read(&text, path).unwrap();
        let settings = load(&conversion.hcl);
        for name in [
            "prod",
            "prod-1",
            "prod-web",
            "dev",
            "dev-a",
            "prod/web",
            "dev/web",
            "dev/x/y",
            "web",
            "web-1",
            "batch",
            "my-cluster",
            "other",
            "a",
            "ab",
        ] {
            assert_same(&config, &settings, name);
        }
        assert_eq!(settings.uses.commands.len(), config.commands.len());
        for (theirs, ours) in config.commands.iter().zip(&settings.uses.commands) {
            assert_eq!(theirs.command, ours.command);
            let env: BTreeMap<String, String> = theirs.env.iter().cloned().collect();
            assert_eq!(env, ours.env);
            assert_eq!(
                theirs.directory.as_deref().map(Path::new),
                ours.directory.as_deref()
            );
        }
    }
    assert!(seen >= 5, "{seen} cases were converted");
}

fn pattern() -> impl Strategy<Value = String> {
    "[ab*?/-]{1,4}"
}

fn section(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec((prop::sample::select(keys), pattern(), 1..9_u32), 1..5).prop_map(
        |entries| {
            let lines = entries.iter().map(|(key, pattern, count)| {
                format!(
                    "  - {key}: '{}'\n    keep_count: {count}\n",
                    pattern.replace('/', "-")
                )
            });
            lines.collect()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Whatever the order and overlap of patterns.
    #[test]
    fn any_file_means_the_same(
        families in section(&["name", "name_pattern"]),
        repositories in prop::collection::vec(
            (prop::sample::select(vec!["name", "name_pattern"]), pattern(), 1..99_u32, 0..9_u32),
            1..5,
        ),
        names in prop::collection::vec("[ab/-]{1,4}", 8),
    ) {
        let repositories: String = repositories
            .iter()
            .map(|(key, name, days, count)| format!(
                "  - {key}: '{name}'\n    expires: {days}d\n    keep_count: {count}\n"
            ))
            .collect();
        // At least one is a block.
        let repositories = repositories + "  - name: zz\n    expires: 1d\n";
        let text = format!("task_definitions:\n{families}repositories:\n{repositories}");
        let path = Path::new("ecrm.yaml");
        let conversion = convert(&text, path).unwrap();
        let config = document::read(&text, path).unwrap();
        let settings = load(&conversion.hcl);
        for name in &names {
            assert_same(&config, &settings, name);
        }
    }
}
