//! The `.env` file of a release: digests as shell variables, for `eval` or `source` in a buildspec.
//!
//! The names are the ones to put into CodeBuild's `exported-variables`, which is how a pipeline's
//! later stages get them; a child process cannot export into its parent's shell.

use std::fmt::Write as _;

use super::record::Record;

/// Lines of `export NAME='value'`, safe for any POSIX shell. A target `log-router` becomes
/// `IMAGE_LOG_ROUTER`. `services` are those that have something to deploy; none are named when
/// nothing was handed off.
pub fn environment_file(record: &Record, services: &[&str]) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "export {name}={}", quoted(value));
    };
    line(
        "LAUNCHWAY_CHANGED",
        if record.changed { "true" } else { "false" },
    );
    let changed = record.images.iter().filter(|(_, image)| image.changed);
    let changed: Vec<&str> = changed.map(|(target, _)| target.as_str()).collect();
    line("LAUNCHWAY_CHANGED_IMAGES", &changed.join(" "));
    line("LAUNCHWAY_SERVICES_TO_DEPLOY", &services.join(" "));
    if let Some(commit) = &record.source.commit {
        line("LAUNCHWAY_COMMIT", commit);
    }
    for (target, image) in &record.images {
        let name = variable_name(target);
        line(&format!("IMAGE_{name}"), &image.reference);
        line(&format!("IMAGE_{name}_DIGEST"), &image.digest.to_string());
        line(&format!("IMAGE_{name}_REPOSITORY"), &image.repository);
        line(
            &format!("IMAGE_{name}_CHANGED"),
            if image.changed { "true" } else { "false" },
        );
    }
    text
}

fn variable_name(target: &str) -> String {
    target
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_uppercase()
            } else {
                '_'
            }
        })
        .collect()
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_what_changed_and_what_to_deploy() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/handoff/release.json");
        let record = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let text = environment_file(&record, &["shop", "jobs"]);
        let start = "export LAUNCHWAY_CHANGED='true'\n\
                     export LAUNCHWAY_CHANGED_IMAGES='rp'\n\
                     export LAUNCHWAY_SERVICES_TO_DEPLOY='shop jobs'\n\
                     export IMAGE_API='";
        assert!(text.starts_with(start), "{text}");
        assert!(environment_file(&record, &[]).contains("_TO_DEPLOY=''\n"));
    }

    #[test]
    fn nothing_in_a_value_reaches_the_shell() {
        assert_eq!(quoted("a'b $(c)"), r"'a'\''b $(c)'");
        assert_eq!(variable_name("log-router_2"), "LOG_ROUTER_2");
    }
}
