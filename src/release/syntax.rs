//! Who reads a Dockerfile: the frontend that is built into the daemon, or an image.
//!
//! The daemon would pull the frontend image that a `# syntax=` line or the build argument
//! `BUILDKIT_SYNTAX` names, from Docker Hub in nearly all files. Its own frontend understands the same
//! language, and gives the same configuration digest, so the stable frontend is served by it (D13).
//! Anything else (labs, other languages) is left to the daemon, which takes the image from a mirror
//! like any other.

use crate::plan::SolvePlan;
use crate::registry::Reference;

/// Goes before the line in the Dockerfile.
const ARGUMENT: &str = "build-arg:BUILDKIT_SYNTAX";

/// Whether a solve asks for Docker's stable frontend. `dockerfile` is its text, where that can be
/// seen.
pub(super) fn wants_stable_frontend(solve: &SolvePlan, dockerfile: Option<&str>) -> bool {
    let argument = solve.attributes.get(ARGUMENT).map(String::as_str);
    let asked = argument.or_else(|| dockerfile.and_then(directive));
    // What follows is for the frontend itself.
    let Some(image) = asked.and_then(|text| text.split_whitespace().next()) else {
        return false;
    };
    // It may stand there as a mirror's already.
    let original = solve.base_images.original(image);
    is_stable(original.as_deref().unwrap_or(image))
}

/// Whether a reference is one of `docker/dockerfile` with a version or `latest`.
fn is_stable(image: &str) -> bool {
    let Ok(image) = image.parse::<Reference>() else {
        return false;
    };
    let repository = image.repository();
    let hub = matches!(repository.host(), "docker.io" | "registry-1.docker.io");
    let tag = match (image.tag(), image.digest()) {
        (Some(tag), _) => tag.as_str(),
        (None, None) => "latest",
        // By digest alone nobody can tell the channel.
        (None, Some(_)) => return false,
    };
    let version = tag == "latest" || tag.starts_with(|c: char| c.is_ascii_digit());
    hub && repository.path() == "docker/dockerfile" && version && !tag.contains("labs")
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
    use super::super::base_images::tests::solve;
    use super::*;

    #[test]
    fn only_the_stable_frontend_is_served() {
        let digest = format!("@sha256:{}", "0".repeat(64));
        let pinned = format!("# syntax=docker/dockerfile:1{digest}\n");
        let only_digest = format!("# syntax=docker/dockerfile{digest}\n");
        let mirror = "1.dkr.ecr.eu-west-1.amazonaws.com";
        let mirrored = format!("# syntax={mirror}/docker-hub/docker/dockerfile:1\n");
        let labs = format!("# syntax={mirror}/docker-hub/docker/dockerfile:1-labs\n");
        let elsewhere = format!("# syntax={mirror}/docker/dockerfile:1\n");
        for (text, expected) in [
            ("# syntax=docker/dockerfile:1\nFROM x", true),
            ("#syntax = docker.io/docker/dockerfile:1.7\n", true),
            ("# syntax=index.docker.io/docker/dockerfile:1.7\n", true),
            ("# syntax=registry-1.docker.io/docker/dockerfile:1\n", true),
            ("# escape=`\n# syntax=docker/dockerfile\n", true),
            ("# syntax=docker/dockerfile:latest\n", true),
            ("# syntax=docker/dockerfile:1 with more\n", true),
            (
                "\u{feff}#!/usr/bin/env x\r\n# syntax=docker/dockerfile:1\r\n",
                true,
            ),
            (&pinned, true),
            (&mirrored, true),
            (&only_digest, false),
            (&labs, false),
            (&elsewhere, false),
            ("# syntax=docker/dockerfile:1-labs\n", false),
            ("# syntax=docker/dockerfile:labs\n", false),
            ("# syntax=docker/dockerfile:master\n", false),
            ("# syntax=docker/dockerfile-upstream:1\n", false),
            ("# syntax=example.com/docker/dockerfile:1\n", false),
            ("# syntax=dockerfile:1\n", false),
            ("# syntax=\n", false),
            ("FROM x\n# syntax=docker/dockerfile:1\n", false),
            ("# a comment\n# syntax=docker/dockerfile:1\n", false),
            ("", false),
        ] {
            assert_eq!(
                wants_stable_frontend(&solve(), Some(text)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn the_argument_goes_before_the_line() {
        let stable = "# syntax=docker/dockerfile:1\n";
        let labs = "# syntax=docker/dockerfile:1-labs\n";
        for (argument, dockerfile, expected) in [
            ("docker/dockerfile:1", Some(labs), true),
            ("docker/dockerfile:1 and more", None, true),
            ("docker/dockerfile:1-labs", Some(stable), false),
            ("", Some(stable), false),
        ] {
            let mut solve = solve();
            let value = argument.to_owned();
            solve.attributes.insert(ARGUMENT.to_owned(), value);
            let served = wants_stable_frontend(&solve, dockerfile);
            assert_eq!(served, expected, "{argument}");
        }
    }
}
