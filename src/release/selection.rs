//! Which files of its context a build selects, as far as a glance at the Dockerfile tells.
//!
//! The Dockerfile frontend asks for the paths that `COPY` and `ADD` name, and the daemon keeps the
//! copy of a context from one run to the next. Two solves that select different paths
//! (`COPY ${TARGETARCH} /bin`) must have a copy each: with copies that any of them may get, one
//! solve gets the other's in about every second run, and the whole selection is sent again.
//!
//! This is no parser of Dockerfiles, and need not be one: a wrong guess costs a transfer.

use std::collections::{BTreeMap, BTreeSet};

use crate::image::Digest;

/// A short text that is equal for builds that select the same paths; `None` when all of the context
/// is selected, or nothing.
pub(super) fn of(dockerfile: &str, attributes: &BTreeMap<String, String>) -> Option<String> {
    let mut sources: BTreeSet<&str> = BTreeSet::new();
    for instruction in instructions(dockerfile) {
        sources.extend(from_context(&instruction));
    }
    if sources.is_empty() || sources.iter().any(|path| is_everything(path)) {
        return None;
    }
    let mut text = String::new();
    for source in &sources {
        text.push_str(source);
        text.push('\n');
    }
    if text.contains('$') {
        let values = attributes
            .iter()
            .filter(|(name, _)| *name == "platform" || name.starts_with("build-arg:"));
        for (name, value) in values {
            text.push_str(&format!("{name}={value}\n"));
        }
    }
    Some(Digest::of(&text).short())
}

/// The instructions, each as its words. Continuation lines are joined.
fn instructions(dockerfile: &str) -> Vec<Vec<&str>> {
    let mut instructions = Vec::new();
    let mut words: Vec<&str> = Vec::new();
    for line in dockerfile.lines().map(str::trim) {
        if line.starts_with('#') {
            continue;
        }
        let (line, continues) = match line.strip_suffix(['\\', '`']) {
            Some(line) => (line, true),
            None => (line, false),
        };
        words.extend(line.split_whitespace());
        if !continues {
            instructions.push(std::mem::take(&mut words));
        }
    }
    instructions.push(words);
    instructions
}

/// What an instruction takes from the context.
fn from_context<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let Some((name, rest)) = words.split_first() else {
        return Vec::new();
    };
    let flags = || rest.iter().take_while(|word| word.starts_with("--"));
    match name.to_ascii_uppercase().as_str() {
        "COPY" | "ADD" if !flags().any(|flag| flag.starts_with("--from")) => {
            let paths = rest.get(flags().count()..).unwrap_or_default();
            // The last one is the destination.
            let paths = paths.split_last().map_or(&[][..], |(_, sources)| sources);
            let plain = paths
                .iter()
                .map(|path| path.trim_matches(['[', ']', '"', ',']));
            plain
                .filter(|path| !path.starts_with("<<") && !path.contains("://"))
                .collect()
        }
        "RUN" => flags()
            .filter(|flag| flag.starts_with("--mount") && !flag.contains("from="))
            .filter(|flag| flag.contains("type=bind") || !flag.contains("type="))
            .copied()
            .collect(),
        _ => Vec::new(),
    }
}

fn is_everything(path: &str) -> bool {
    matches!(path, "." | "./" | "/" | "*")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(dockerfile: &str, platform: &str) -> Option<String> {
        let attributes = BTreeMap::from([("platform".to_owned(), platform.to_owned())]);
        of(dockerfile, &attributes)
    }

    #[test]
    fn all_of_the_context_needs_no_name() {
        for dockerfile in [
            "FROM scratch",
            "FROM a\nCOPY . /src\nCOPY x /y",
            "FROM a\nCOPY --from=b x /y",
            "FROM a\nADD https://example.test/x /y",
            "FROM a\nCOPY <<EOF /y\ntext\nEOF",
            "FROM a\nRUN --mount=type=cache,target=/x true",
        ] {
            assert_eq!(on(dockerfile, "linux/amd64"), None, "{dockerfile}");
        }
    }

    #[test]
    fn platforms_differ_where_paths_depend_on_them() {
        let same = "FROM a\nCOPY web /web";
        assert_eq!(on(same, "linux/amd64"), on(same, "linux/arm64"));
        assert!(on(same, "linux/amd64").is_some());
        let other = "FROM a\nCOPY bin/${TARGETARCH} /bin";
        assert_ne!(on(other, "linux/amd64"), on(other, "linux/arm64"));
    }

    #[test]
    fn the_order_and_the_form_of_instructions_do_not_matter() {
        let one = on("FROM a\nCOPY b c /x\nADD d /y", "p");
        for dockerfile in [
            "FROM z\n# COPY e /e\nADD d /z\nCOPY --link \\\n  c b /x",
            "FROM a\ncopy [\"b\", \"c\", \"/x\"]\nadd --chmod=755 d /y",
        ] {
            assert_eq!(on(dockerfile, "p"), one, "{dockerfile}");
        }
        let mount = "FROM a\nRUN --mount=type=bind,source=b,target=/x make";
        assert!(on(mount, "p").is_some());
        assert_ne!(on(mount, "p"), one);
    }
}
