//! `# syntax=` lines of Dockerfiles.
//!
//! The daemon would pull the frontend image that the line names, from Docker Hub in nearly all
//! files. Its own frontend understands the same language, and gives the same configuration
//! digest, so the stable frontend is served by it (D13). Anything else (labs, other languages) is
//! left to the daemon.

/// Whether the Dockerfile's `# syntax=` line names Docker's stable frontend.
pub(super) fn names_stable_frontend(dockerfile: &str) -> bool {
    let Some(image) = directive(dockerfile) else {
        return false;
    };
    let image = image.split('@').next().unwrap_or(image);
    let image = image.strip_prefix("docker.io/").unwrap_or(image);
    match image.strip_prefix("docker/dockerfile") {
        Some("") => true,
        Some(rest) => rest.strip_prefix(':').is_some_and(|tag| {
            !tag.contains("labs") && tag.starts_with(|c: char| c.is_ascii_digit() || c == 'l')
        }),
        None => false,
    }
}

/// The value of the `syntax` directive. Directives are comments before anything else; the first
/// line that is none ends them.
fn directive(dockerfile: &str) -> Option<&str> {
    let text = dockerfile.strip_prefix('\u{feff}').unwrap_or(dockerfile);
    let mut lines = text.lines().peekable();
    lines.next_if(|line| line.starts_with("#!"));
    for line in lines {
        let (key, value) = line.trim().strip_prefix('#')?.split_once('=')?;
        if key.trim().eq_ignore_ascii_case("syntax") {
            return Some(value.trim());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_stable_frontend_is_served() {
        for (text, expected) in [
            ("# syntax=docker/dockerfile:1\nFROM x", true),
            ("#syntax = docker.io/docker/dockerfile:1.7\n", true),
            ("# escape=`\n# syntax=docker/dockerfile\n", true),
            ("# syntax=docker/dockerfile:latest\n", true),
            ("# syntax=docker/dockerfile:1@sha256:00\n", true),
            ("# syntax=docker/dockerfile:1-labs\n", false),
            ("# syntax=docker/dockerfile:master\n", false),
            ("# syntax=docker/dockerfile-upstream:1\n", false),
            ("# syntax=example.com/other:1\n", false),
            ("FROM x\n# syntax=docker/dockerfile:1\n", false),
            ("# a comment\n# syntax=docker/dockerfile:1\n", false),
            ("", false),
        ] {
            assert_eq!(names_stable_frontend(text), expected, "{text}");
        }
    }
}
