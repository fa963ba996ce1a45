//! What is being built: commit, branch and tag, from CodeBuild's variables or from git.
//!
//! CodePipeline hands CodeBuild a zip without a `.git` folder, so the variables come first and git
//! is asked only when they say nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::config::Source;

/// The source of a run in `directory`.
pub(super) fn read(directory: &Path, environment: &BTreeMap<String, String>) -> Source {
    let git = git(directory);
    combine(environment, git)
}

/// What git says of a checkout.
#[derive(Debug, Default, PartialEq, Eq)]
struct Git {
    commit: String,
    time: Option<i64>,
    branch: Option<String>,
    tag: Option<String>,
    dirty: Option<bool>,
}

fn combine(environment: &BTreeMap<String, String>, git: Result<Git, String>) -> Source {
    let variable = |name: &str| {
        environment
            .get(name)
            .filter(|value| !value.is_empty())
            .cloned()
    };
    // An S3 source gives a version id here, which is no commit.
    let resolved = variable("CODEBUILD_RESOLVED_SOURCE_VERSION").filter(|text| is_commit(text));
    let named = variable("LAUNCHWAY_COMMIT").filter(|text| is_commit(text));
    let given = named.or(resolved);
    let head = variable("CODEBUILD_WEBHOOK_HEAD_REF");
    let head = head.as_deref().unwrap_or_default();
    let mut source = Source {
        commit: given.clone(),
        branch: variable("LAUNCHWAY_BRANCH")
            .or_else(|| head.strip_prefix("refs/heads/").map(str::to_owned)),
        tag: head.strip_prefix("refs/tags/").map(str::to_owned),
        ..Source::default()
    };
    match git {
        Ok(git) => {
            // Git's other facts are about its own commit.
            if given.as_ref().is_none_or(|commit| *commit == git.commit) {
                source.commit = Some(git.commit);
                source.time = git.time;
                source.branch = source.branch.or(git.branch);
                source.tag = source.tag.or(git.tag);
                source.dirty = git.dirty;
            }
        }
        Err(reason) if source.commit.is_none() => {
            source.missing = format!(
                "neither LAUNCHWAY_COMMIT nor CODEBUILD_RESOLVED_SOURCE_VERSION names a full commit id, and {reason}"
            );
        }
        Err(_) => {}
    }
    source
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn git(directory: &Path) -> Result<Git, String> {
    let status = {
        let mut command = Command::new("git");
        command
            .args([
                "--no-optional-locks",
                "status",
                "--porcelain",
                "--untracked-files=no",
            ])
            .current_dir(directory);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null());
        // Asked beside the log: on a large tree it is the slower of the two.
        command.spawn()
    };
    let log = Command::new("git")
        .args([
            "log",
            "-1",
            "--no-show-signature",
            "--format=%H%n%ct%n%D",
            "--decorate=full",
        ])
        .current_dir(directory)
        .output()
        .map_err(|error| format!("git cannot be run ({error})"))?;
    let status = status.and_then(std::process::Child::wait_with_output);
    if !log.status.success() {
        let text = String::from_utf8_lossy(&log.stderr);
        let text = text
            .lines()
            .next()
            .unwrap_or("it failed")
            .trim_start_matches("fatal: ");
        return Err(format!("git says: {text}"));
    }
    let mut git = parse_log(&String::from_utf8_lossy(&log.stdout))
        .ok_or_else(|| "git's answer cannot be read".to_owned())?;
    git.dirty = status
        .ok()
        .filter(|out| out.status.success())
        .map(|out| !out.stdout.is_empty());
    Ok(git)
}

/// Reads `%H`, `%ct` and `%D` with full decoration: `HEAD -> refs/heads/main, tag: refs/tags/v1`.
fn parse_log(text: &str) -> Option<Git> {
    let mut lines = text.lines();
    let commit = lines.next().filter(|line| is_commit(line))?.to_owned();
    let time = lines.next().and_then(|line| line.parse().ok());
    let mut git = Git {
        commit,
        time,
        ..Git::default()
    };
    for name in lines.next().unwrap_or_default().split(", ") {
        if let Some(branch) = name.strip_prefix("HEAD -> refs/heads/") {
            git.branch = Some(branch.to_owned());
        } else if let Some(tag) = name.strip_prefix("tag: refs/tags/") {
            git.tag.get_or_insert_with(|| tag.to_owned());
        }
    }
    Some(git)
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
    const OTHER: &str = "ffffffffffffffffffffffffffffffffffffffff";

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn reads_what_git_says() {
        let text = format!(
            "{COMMIT}\n1700000000\nHEAD -> refs/heads/feature/x, tag: refs/tags/v1.0, refs/remotes/origin/x\n"
        );
        let git = parse_log(&text).unwrap();
        assert_eq!(git.branch.as_deref(), Some("feature/x"));
        assert_eq!(git.tag.as_deref(), Some("v1.0"));
        assert_eq!(git.time, Some(1_700_000_000));
        assert_eq!(parse_log("fatal: no"), None);
    }

    #[test]
    fn codebuild_needs_no_git() {
        let source = combine(
            &environment(&[
                ("CODEBUILD_RESOLVED_SOURCE_VERSION", COMMIT),
                ("CODEBUILD_WEBHOOK_HEAD_REF", "refs/tags/v2"),
            ]),
            Err("git says: not a git repository".to_owned()),
        );
        assert_eq!(source.commit.as_deref(), Some(COMMIT));
        assert_eq!(source.tag.as_deref(), Some("v2"));
        assert_eq!(source.dirty, None);
    }

    #[test]
    fn a_version_of_an_s3_source_is_no_commit() {
        let source = combine(
            &environment(&[("CODEBUILD_RESOLVED_SOURCE_VERSION", "Zs9.kQ1vL0")]),
            Err("git says: no".to_owned()),
        );
        assert_eq!(source.commit, None);
        assert!(
            source.missing.contains("git says: no"),
            "{}",
            source.missing
        );
    }

    #[test]
    fn facts_about_another_commit_are_not_mixed_in() {
        let git = Git {
            commit: COMMIT.to_owned(),
            branch: Some("main".to_owned()),
            ..Git::default()
        };
        let source = combine(&environment(&[("LAUNCHWAY_COMMIT", OTHER)]), Ok(git));
        assert_eq!(source.commit.as_deref(), Some(OTHER));
        assert_eq!(source.branch, None);
    }
}
