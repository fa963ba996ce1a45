//! The images that a Dockerfile names, as far as its text alone tells.
//!
//! This is for showing a plan and for asking for permissions, and decides nothing of a build: the
//! daemon's own frontend reads the file. What depends on more than the text and the build arguments
//! is told as unknown, never guessed. Syntax: BuildKit's `frontend/dockerfile/parser`.

use std::collections::{BTreeMap, BTreeSet};

/// The images that a Dockerfile names.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Known names, as written there, variables replaced.
    pub(super) images: BTreeSet<String>,
    /// Names whose variables the text does not tell, as written: `${REGISTRY}/base:1`.
    pub(super) unknown: BTreeSet<String>,
}

/// What `FROM`, `COPY --from` and `RUN --mount=from=` name, without stages and `scratch`.
/// `arguments` are build arguments by name.
pub(super) fn named_images(dockerfile: &str, arguments: &BTreeMap<&str, &str>) -> Named {
    let mut named = Named::default();
    let mut stages: Vec<String> = Vec::new();
    let mut globals: BTreeMap<String, String> = BTreeMap::new();
    let mut stage_seen = false;
    for instruction in instructions(dockerfile) {
        let mut words = instruction.split_whitespace();
        let keyword = words.next().unwrap_or_default().to_ascii_uppercase();
        match keyword.as_str() {
            "ARG" if !stage_seen => {
                for word in words {
                    let (name, default) = match word.split_once('=') {
                        Some((name, value)) => (name, substitute(unquoted(value), &globals)),
                        None => (word, None),
                    };
                    let given = arguments.get(name).map(|value| (*value).to_owned());
                    match given.or(default) {
                        Some(value) => globals.insert(name.to_owned(), value),
                        None => globals.remove(name),
                    };
                }
            }
            "FROM" => {
                stage_seen = true;
                let mut words = words.skip_while(|word| word.starts_with("--"));
                let Some(image) = words.next() else { continue };
                match substitute(unquoted(image), &globals) {
                    Some(image) if is_image(&image, &stages) => {
                        named.images.insert(image);
                    }
                    Some(_) => {}
                    None => {
                        named.unknown.insert(unquoted(image).to_owned());
                    }
                }
                if let (Some(word), Some(name)) = (words.next(), words.next())
                    && word.eq_ignore_ascii_case("as")
                {
                    stages.push(name.to_ascii_lowercase());
                }
            }
            "COPY" | "RUN" => {
                let flags = words.take_while(|word| word.starts_with("--"));
                for flag in flags {
                    let from = match flag.split_once('=') {
                        Some(("--from", image)) => Some(image),
                        Some(("--mount", options)) => options
                            .split(',')
                            .find_map(|option| option.strip_prefix("from=")),
                        _ => None,
                    };
                    let number = |text: &&str| !text.bytes().all(|byte| byte.is_ascii_digit());
                    let from = from.map(unquoted).filter(number);
                    if let Some(image) = from
                        && is_image(image, &stages)
                    {
                        let known = !image.contains('$');
                        let names = if known {
                            &mut named.images
                        } else {
                            &mut named.unknown
                        };
                        names.insert(image.to_owned());
                    }
                }
            }
            _ => {}
        }
    }
    named
}

fn is_image(name: &str, stages: &[String]) -> bool {
    !name.is_empty() && name != "scratch" && !stages.contains(&name.to_ascii_lowercase())
}

/// Instructions as lines: continued ones joined, without comments and here-documents.
fn instructions(dockerfile: &str) -> Vec<String> {
    let text = dockerfile.strip_prefix('\u{feff}').unwrap_or(dockerfile);
    let escape = escape(text);
    let mut instructions = Vec::new();
    let mut lines = text.lines();
    let mut open = String::new();
    while let Some(line) = lines.next() {
        if line.trim_start().starts_with('#') || (line.trim().is_empty() && !open.is_empty()) {
            continue;
        }
        let trimmed = line.trim_end();
        if let Some(continued) = trimmed.strip_suffix(escape) {
            open.push_str(continued);
            continue;
        }
        open.push_str(trimmed);
        let instruction = std::mem::take(&mut open);
        for (word, tabs) in here_documents(&instruction) {
            let ends = |line: &str| {
                let line = if tabs {
                    line.trim_start_matches('\t')
                } else {
                    line
                };
                line == word
            };
            let _ = lines.by_ref().find(|line| ends(line));
        }
        instructions.push(instruction);
    }
    instructions.push(open);
    instructions
}

/// The character that continues a line, as the directive `# escape=` says.
fn escape(text: &str) -> char {
    let directive = |line: &str| {
        let (key, value) = line.trim().strip_prefix('#')?.split_once('=')?;
        Some((key.trim().to_ascii_lowercase(), value.trim().to_owned()))
    };
    let mut directives = text.lines().map_while(directive);
    let escape = directives.find(|(key, _)| key == "escape");
    match escape {
        Some((_, value)) if value == "`" => '`',
        _ => '\\',
    }
}

/// The end words of here-documents, and whether tabs before them are ignored (`<<-`).
fn here_documents(instruction: &str) -> Vec<(String, bool)> {
    let instruction = instruction.trim_start();
    let keyword = instruction.split_whitespace().next().unwrap_or_default();
    if !["RUN", "COPY", "ADD"].contains(&keyword.to_ascii_uppercase().as_str()) {
        return Vec::new();
    }
    let starts = instruction.split("<<").skip(1);
    let words = starts.filter_map(|rest| {
        let (rest, tabs) = match rest.strip_prefix('-') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let rest = rest.trim_start_matches(['"', '\'']);
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        let word = &rest[..end.unwrap_or(rest.len())];
        (!word.is_empty()).then(|| (word.to_owned(), tabs))
    });
    words.collect()
}

fn unquoted(text: &str) -> &str {
    let quoted = ['"', '\''].into_iter().find_map(|quote| {
        let rest = text.strip_prefix(quote)?;
        rest.strip_suffix(quote)
    });
    quoted.unwrap_or(text)
}

/// `$NAME` and `${NAME}` with their values; `None` for one without a value and for anything more
/// (`${NAME:-default}`, escapes).
fn substitute(text: &str, values: &BTreeMap<String, String>) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        result.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let part_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let name = if let Some(braced) = rest.strip_prefix('{') {
            let (name, after) = braced.split_once('}')?;
            rest = after;
            name
        } else {
            let end = rest.find(|c| !part_of_name(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            rest = after;
            name
        };
        if name.is_empty() || !name.chars().all(part_of_name) {
            return None;
        }
        result.push_str(values.get(name)?);
    }
    result.push_str(rest);
    (!result.contains(['\\', '"', '\''])).then_some(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(dockerfile: &str) -> Vec<String> {
        let arguments = BTreeMap::from([("GIVEN", "given:1")]);
        let named = named_images(dockerfile, &arguments);
        named.images.into_iter().collect()
    }

    #[test]
    fn names_that_nothing_tells_are_unknown() {
        let dockerfile = "ARG A\nARG V=1\nFROM ${A}/x:1\nFROM known:$V AS s\nFROM ${V:-2}\n\
                          COPY --from=$X / /\nCOPY --from=s / /\nCOPY --from=0 / /";
        let named = named_images(dockerfile, &BTreeMap::new());
        let unknown: Vec<&str> = named.unknown.iter().map(String::as_str).collect();
        assert_eq!(unknown, ["$X", "${A}/x:1", "${V:-2}"]);
        assert_eq!(named.images, ["known:1".to_owned()].into());
    }

    #[test]
    fn images_are_named_in_many_ways() {
        for (dockerfile, expected) in [
            ("FROM busybox:1", &["busybox:1"][..]),
            (
                "from --platform=$BUILDPLATFORM a.example/x@sha256:00 as build\nFROM build\nFROM Build",
                &["a.example/x@sha256:00"],
            ),
            ("FROM scratch\nCOPY --from=busybox:1 / /", &["busybox:1"]),
            (
                "FROM a AS x\nCOPY --chown=1 --from=0 / /\nCOPY --from=x / /\nCOPY --from=b --link / /\n",
                &["a", "b"],
            ),
            (
                "FROM a\nRUN --mount=type=bind,from=tools:2,target=/t --network=none make --from=no",
                &["a", "tools:2"],
            ),
            (
                "ARG V=1\nARG GIVEN=other\nARG NAME=\"base\"\nFROM $NAME:${V}\nFROM ${GIVEN}\nARG V=2\nFROM x:$V",
                &["base:1", "given:1", "x:1"],
            ),
            // What the text alone does not tell.
            ("ARG A\nFROM ${A}\nFROM ${B}\nFROM ${V:-x}\nFROM $$", &[]),
            ("FROM a\nCOPY --from=$X / /", &["a"]),
            // What only looks like an instruction.
            (
                "# FROM comment\nFROM a\nRUN <<EOF cat <<-'B' \nFROM inside\nEOF\nFROM insideb\n\tB\nFROM b",
                &["a", "b"],
            ),
            (
                "FROM a\nRUN echo \\\n# comment\n\n  FROM no \\\n  more\nFROM \\\n  b",
                &["a", "b"],
            ),
            ("# escape=`\nFROM `\n  a\nRUN dir c:\\\nFROM b", &["a", "b"]),
            ("\u{feff}FROM a\r\nFROM b\r\n", &["a", "b"]),
            ("FROM", &[]),
            ("", &[]),
        ] {
            assert_eq!(named(dockerfile), expected, "{dockerfile}");
        }
    }
}
