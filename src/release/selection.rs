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
/// is selected, or nothing. `ignore` is the ignore file of this Dockerfile alone
/// (`<Dockerfile>.dockerignore`), if it has one; that of the context is the same for all builds.
pub(super) fn of(
    dockerfile: &str,
    attributes: &BTreeMap<String, String>,
    ignore: Option<&str>,
) -> Option<String> {
    let instructions = instructions(dockerfile);
    let stages = stages(&instructions);
    let target = attributes.get("target").map(String::as_str);
    let sources: BTreeSet<&str> = reachable(&stages, target)
        .into_iter()
        .flat_map(|stage| stage.sources.iter().copied())
        .collect();
    let mut text = String::new();
    if !sources.is_empty()
        && let Some(ignore) = ignore
    {
        text.push_str(&format!("ignore {}\n", Digest::of(ignore)));
    }
    if !sources.iter().any(|path| is_everything(path)) {
        for source in &sources {
            text.push_str(source);
            text.push('\n');
        }
    }
    if text.is_empty() {
        return None;
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

/// A stage as far as it matters here.
#[derive(Debug, Default)]
struct Stage<'a> {
    name: Option<&'a str>,
    /// What it is built from: stages by name or number, among images and contexts.
    uses: Vec<&'a str>,
    /// What it takes from the context.
    sources: Vec<&'a str>,
}

impl Stage<'_> {
    fn is(&self, index: usize, wanted: &str) -> bool {
        let named = self
            .name
            .is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        named || wanted.parse() == Ok(index)
    }
}

fn stages<'a>(instructions: &[Vec<&'a str>]) -> Vec<Stage<'a>> {
    let mut stages: Vec<Stage<'a>> = Vec::new();
    for words in instructions {
        let Some((name, rest)) = words.split_first() else {
            continue;
        };
        if name.eq_ignore_ascii_case("FROM") {
            let mut rest = rest.iter().skip_while(|word| word.starts_with("--"));
            stages.push(Stage {
                uses: rest.next().copied().into_iter().collect(),
                name: rest.nth(1).copied(),
                sources: Vec::new(),
            });
        } else if let Some(stage) = stages.last_mut() {
            stage.sources.extend(from_context(words));
            stage.uses.extend(from_elsewhere(rest));
        }
    }
    stages
}

/// The stages that a build of `target`, or else of the last stage, runs.
fn reachable<'s, 'a>(stages: &'s [Stage<'a>], target: Option<&str>) -> Vec<&'s Stage<'a>> {
    let find = |wanted: &str, below: usize| {
        let mut known = stages.iter().enumerate().take(below);
        known.position(|(index, stage)| stage.is(index, wanted))
    };
    let start = match target {
        Some(target) => find(target, stages.len()),
        None => stages.len().checked_sub(1),
    };
    let mut reached = BTreeSet::new();
    let mut open: Vec<usize> = start.into_iter().collect();
    while let Some(index) = open.pop() {
        if reached.insert(index) {
            // A stage uses those before it; a later one of the name is an image of that name.
            let used = stages[index].uses.iter();
            open.extend(used.filter_map(|wanted| find(wanted, index)));
        }
    }
    reached.into_iter().map(|index| &stages[index]).collect()
}

/// The stages (or images) that an instruction's flags take something from.
fn from_elsewhere<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let flags = words.iter().take_while(|word| word.starts_with("--"));
    flags
        .filter_map(|flag| {
            let (_, value) = flag.split_once("from=")?;
            value.split(',').next()
        })
        .collect()
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
        of(dockerfile, &attributes, None)
    }

    fn target(dockerfile: &str, name: &str) -> Option<String> {
        let attributes = BTreeMap::from([("target".to_owned(), name.to_owned())]);
        of(dockerfile, &attributes, None)
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

    #[test]
    fn only_the_stages_that_run_count() {
        let dockerfile = "\
            FROM a AS base\nCOPY shared /shared\n\
            FROM base AS web\nCOPY web /web\n\
            FROM --platform=$BUILDPLATFORM b AS tools\nCOPY tools /tools\n\
            FROM base AS api\nCOPY --from=Tools /tools /tools\n\
            FROM base AS batch\nRUN --mount=type=bind,from=2,target=/t make\n\
            FROM base AS plain\nRUN true\n\
            FROM base AS other\nRUN false\n\
            FROM c AS all\nCOPY . /all\n";
        let of = |name| target(dockerfile, name);
        assert_ne!(of("web"), of("api"));
        // What is selected counts, and not who selects it.
        assert_eq!(of("api"), of("batch"));
        assert_eq!(of("plain"), of("other"));
        assert_eq!(of("plain"), of("0"));
        assert_eq!(of("all"), None);
        // Without a target it is the last stage.
        assert_eq!(on(dockerfile, "p"), None);
        assert_eq!(of("missing"), None);
    }

    #[test]
    fn an_ignore_file_of_its_own_makes_a_selection_of_its_own() {
        let own = |dockerfile: &str, ignore| of(dockerfile, &BTreeMap::new(), ignore);
        let all = "FROM a\nCOPY . /src";
        assert_eq!(own(all, None), None);
        assert!(own(all, Some("web")).is_some());
        assert_ne!(own(all, Some("web")), own(all, Some("api")));
        let some = "FROM a\nCOPY web /src";
        assert_ne!(own(some, Some("x")), own(some, None));
        assert_ne!(own(some, Some("x")), own(all, Some("x")));
        assert_eq!(own("FROM a", Some("web")), None);
    }
}
