//! What is in use elsewhere: records of releases, files that list images, and programs that print such lists.

use std::path::Path;
use std::time::Duration;

use tokio::process::Command;

use super::findings::{Findings, Found};
use super::{lists, records};
use crate::config::{UseCommand, UseSettings};
use crate::process;
use crate::prune::Source;

/// The longest list that a program may print, in bytes.
const LONGEST: usize = 64 << 20;
/// The most of a program's last words that is shown, in characters.
const LAST_WORDS: usize = 200;

/// Reads all of them; paths are relative to `base`, and programs run there where nothing else is said.
pub(super) async fn read(settings: &UseSettings, base: &Path) -> Found {
    let findings = Findings::new("", "");
    for path in &settings.records {
        findings.count(Source::Record, 0);
        records::record(&findings, &base.join(path), &path.display().to_string());
    }
    for path in &settings.references {
        findings.count(Source::File, 1);
        let name = path.display().to_string();
        let listed = match std::fs::read(base.join(path)) {
            Ok(bytes) => lists::list(&findings, Source::File, &name, &bytes),
            Err(error) => Err(format!("it cannot be read: {error}")),
        };
        told(&findings, Source::File, &name, listed);
    }
    for command in &settings.commands {
        findings.count(Source::Command, 1);
        let name = &command.name;
        let listed = match run(command, base).await {
            Ok(bytes) => lists::list(&findings, Source::Command, name, &bytes),
            Err(problem) => Err(problem),
        };
        told(&findings, Source::Command, name, listed);
    }
    findings.finish()
}

/// A list that is empty is most often a mistake: it is a case like a section that matches nothing, and named as
/// the configuration names it.
fn told(findings: &Findings, source: Source, name: &str, listed: Result<bool, String>) {
    let label = source.label();
    match listed {
        Ok(true) => {}
        Ok(false) if source == Source::Command => {
            findings.nothing_listed(format!("{label} \"{name}\""));
        }
        Ok(false) => findings.nothing_listed(format!("{label} {name}")),
        Err(problem) => findings.unlisted(format!("{label} {name}"), problem),
    }
}

/// The output of a program that succeeded in time.
async fn run(settings: &UseCommand, base: &Path) -> Result<Vec<u8>, String> {
    let Some((program, arguments)) = settings.command.split_first() else {
        return Err("its command is empty".to_owned());
    };
    let directory = match &settings.directory {
        Some(directory) => base.join(directory),
        None => base.to_owned(),
    };
    let mut command = if program.contains('/') {
        Command::new(base.join(program))
    } else {
        Command::new(program)
    };
    command
        .args(arguments)
        .current_dir(directory)
        .envs(&settings.env);
    let ended = tokio::time::timeout(settings.timeout, process::run(command, b"", Some(LONGEST)));
    let ended = match ended.await {
        Ok(Ok(ended)) => ended,
        Ok(Err(error)) => return Err(format!("{program} cannot be started: {error}")),
        Err(_) => {
            return Err(format!(
                "{program} took longer than {}",
                time(settings.timeout)
            ));
        }
    };
    if !ended.status.success() {
        let words = last_words(&ended.stderr);
        return Err(format!("{program} ended with {}{words}", ended.status));
    }
    if ended.cut {
        return Err(format!(
            "{program} printed more than {LONGEST} bytes, or did not end"
        ));
    }
    Ok(ended.stdout)
}

fn time(limit: Duration) -> String {
    format!("{} s", limit.as_secs_f64())
}

/// The last line of its errors.
fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let line = text.lines().map(str::trim).rfind(|line| !line.is_empty());
    let line = line.map(|line| {
        let printable = line.chars().filter(|c| !c.is_control());
        printable.take(LAST_WORDS).collect::<String>()
    });
    line.map_or(String::new(), |line| format!(": {line}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::prune::{RefusalCode, RefusalSubject};

    const IMAGE: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/web:1";

    async fn of_script(script: &str) -> Found {
        let settings = UseSettings {
            commands: vec![UseCommand {
                name: "cluster".to_owned(),
                command: ["/bin/sh", "-c", script].map(str::to_owned).into(),
                timeout: Duration::from_secs(1),
                directory: Some("sub".into()),
                env: BTreeMap::from([("WHERE".to_owned(), "here".to_owned())]),
            }],
            ..UseSettings::default()
        };
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("sub")).unwrap();
        read(&settings, folder.path()).await
    }

    #[tokio::test]
    async fn a_program_prints_a_list() {
        let found = of_script(&format!("echo '[\"{IMAGE}\"]'")).await;
        assert_eq!(found.uses.len(), 1);
        assert_eq!(found.uses[0].by.to_string(), "command cluster");
        assert!(found.refusals.is_empty());
    }

    #[tokio::test]
    async fn a_program_has_its_own_variables() {
        let prefix = IMAGE.trim_end_matches(":1");
        let found = of_script(&format!("echo \"{prefix}:$WHERE\"")).await;
        assert_eq!(found.uses[0].image.tag.as_deref(), Some("here"));
    }

    #[tokio::test]
    async fn a_program_that_fails_is_a_list_that_did_not_load() {
        for (script, problem) in [
            (
                "echo x; echo >&2 'no cluster'; exit 3",
                "exit status: 3: no cluster",
            ),
            ("echo >&2 $WHERE in ${PWD##*/}; exit 4", "4: here in sub"),
            (":", "it is empty"),
            ("echo '[1]'", "no JSON array of texts"),
            ("sleep 60", "took longer than 1 s"),
        ] {
            let found = of_script(script).await;
            let [refusal] = found.refusals.as_slice() else {
                panic!("{script}: {:?}", found.refusals);
            };
            assert_eq!(refusal.name, "command cluster");
            assert!(
                refusal.detail.contains(problem),
                "{script}: {}",
                refusal.detail
            );
            assert!(found.uses.is_empty(), "{script}");
        }
    }

    #[tokio::test]
    async fn an_empty_list_matches_nothing() {
        for script in ["echo '[]'", "echo '# nothing today'"] {
            let found = of_script(script).await;
            let [refusal] = found.refusals.as_slice() else {
                panic!("{script}: {:?}", found.refusals);
            };
            assert_eq!(refusal.code, RefusalCode::MatchesNothing);
            assert_eq!(refusal.name, "command \"cluster\"");
            assert_eq!(refusal.subject, RefusalSubject::Everything);
            let allowance = refusal.allowance();
            assert_eq!(allowance, "matches-nothing:command \"cluster\"");
            let allowances = [allowance.parse().unwrap()];
            assert!(refusal.clone().judged(&allowances).allowed, "{script}");
        }
    }

    #[tokio::test]
    async fn files_are_read_beside_the_configuration() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("refs.txt"), IMAGE).unwrap();
        std::fs::write(folder.path().join("empty.txt"), "# none\n").unwrap();
        let settings = UseSettings {
            references: ["refs.txt", "empty.txt", "missing.txt"]
                .map(Into::into)
                .into(),
            ..UseSettings::default()
        };
        let found = read(&settings, folder.path()).await;
        assert_eq!(found.uses.len(), 1);
        let cases: Vec<_> = found
            .refusals
            .iter()
            .map(|one| (one.code, one.name.as_str()))
            .collect();
        let expected = [
            (RefusalCode::ListFailed, "file missing.txt"),
            (RefusalCode::MatchesNothing, "file empty.txt"),
        ];
        assert_eq!(cases, expected);
        assert_eq!(found.sources[0].found, 3);
    }
}
