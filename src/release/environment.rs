//! The `.env` file of a release: digests as shell variables, for `eval` or `source` in a buildspec.

use std::fmt::Write as _;

use super::record::Record;

/// Lines of `export NAME='value'`, safe for any POSIX shell. A target `log-router` becomes
/// `IMAGE_LOG_ROUTER`.
pub fn environment_file(record: &Record) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "export {name}={}", quoted(value));
    };
    line(
        "LAUNCHWAY_CHANGED",
        if record.changed { "true" } else { "false" },
    );
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
    fn nothing_in_a_value_reaches_the_shell() {
        assert_eq!(quoted("a'b $(c)"), r"'a'\''b $(c)'");
        assert_eq!(variable_name("log-router_2"), "LOG_ROUTER_2");
    }
}
