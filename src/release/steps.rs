//! Counting the steps of a build, and how many of them came from a cache.
//!
//! Housekeeping (`[internal]`, authentication, cache manifests, exports) is no step: the count
//! answers "did anything run?".

use std::collections::BTreeMap;

use launchway_buildkit::{StatusUpdate, Vertex};

use super::record::StepCount;
use crate::image::Digest;

/// Collects the vertexes of one solve.
#[derive(Debug, Default)]
pub(super) struct Steps {
    by_digest: BTreeMap<String, Step>,
    /// Digests of base images by reference; `None` where one reference has several.
    bases: BTreeMap<String, Option<String>>,
}

#[derive(Debug, Default)]
struct Step {
    name: String,
    started: bool,
    cached: bool,
}

impl Steps {
    /// Takes one message of the status stream.
    pub(super) fn update(&mut self, update: &StatusUpdate) {
        for (reference, digest) in update
            .vertexes
            .iter()
            .filter_map(|vertex| base(&vertex.name))
        {
            let known = self
                .bases
                .entry(reference)
                .or_insert_with(|| Some(digest.clone()));
            // `FROM debian:12@sha256:…` beside `FROM debian:12`: names do not tell which is which.
            if *known != Some(digest) {
                *known = None;
            }
        }
        for vertex in update.vertexes.iter().filter(|vertex| is_step(vertex)) {
            let step = self.by_digest.entry(vertex.digest.clone()).or_default();
            step.name.clone_from(&vertex.name);
            step.started |= vertex.started.is_some();
            step.cached |= vertex.cached;
        }
    }

    /// All steps, and those that came from a cache. Steps are counted by name: when BuildKit finds
    /// that two definitions are the same work, it reports both.
    pub(super) fn count(&self) -> StepCount {
        let mut names: BTreeMap<&str, bool> = BTreeMap::new();
        for step in self.by_digest.values() {
            let cached = names.entry(&step.name).or_insert(true);
            *cached &= step.cached;
        }
        let cached = names.values().filter(|cached| **cached).count();
        StepCount {
            total: saturating(names.len()),
            cached: saturating(cached),
        }
    }

    /// The base images by reference, with the digests that their tags had.
    pub(super) fn bases(&self) -> BTreeMap<String, String> {
        let digests = self.bases.iter();
        digests
            .filter_map(|(reference, digest)| Some((reference.clone(), digest.clone()?)))
            .collect()
    }

    /// Whether a step ran. A base image that is only resolved (`FROM`) is no work, although it is
    /// not reported as cached.
    pub(super) fn ran(&self) -> bool {
        self.by_digest
            .values()
            .any(|step| step.started && !step.cached)
    }
}

/// `[stage n/m] FROM reference:tag@sha256:…`: the reference and the digest. The Dockerfile frontend
/// has no better place that tells what it resolved a tag to. Images that `COPY --from=reference` and
/// mounts name are told in the same way, without a stage. The reference is what the image was pulled
/// by, from a mirror too, and a pin is of that.
fn base(name: &str) -> Option<(String, String)> {
    let with_stage = || name.split_once("] FROM ").map(|(_, rest)| rest);
    let rest = name.strip_prefix("FROM ").or_else(with_stage)?;
    let (reference, digest) = rest.split_once('@')?;
    let tagged = reference
        .rsplit_once('/')
        .map_or(reference, |(_, name)| name)
        .contains(':');
    (tagged && digest.parse::<Digest>().is_ok()).then(|| (reference.to_owned(), digest.to_owned()))
}

fn saturating(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Steps are named `[stage n/m] INSTRUCTION …`, with the platform before the stage sometimes; `FROM`
/// is the base image, which is pulled or not as the other steps need it. Everything else has no
/// `n/m`: `[internal]`, `[auth]`, `[context name]`.
fn is_step(vertex: &Vertex) -> bool {
    let Some((place, instruction)) = vertex.name.split_once("] ") else {
        return false;
    };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let counted = place
        .rsplit_once([' ', '['])
        .and_then(|(_, last)| last.split_once('/'))
        .is_some_and(|(step, all)| number(step) && number(all));
    place.starts_with('[') && counted && !instruction.starts_with("FROM ")
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    fn vertex(digest: &str, name: &str, cached: bool, started: bool) -> Vertex {
        Vertex {
            digest: digest.to_owned(),
            name: name.to_owned(),
            cached,
            started: started.then_some(SystemTime::UNIX_EPOCH),
            ..Vertex::default()
        }
    }

    fn steps(vertexes: Vec<Vertex>) -> Steps {
        let mut steps = Steps::default();
        for vertex in vertexes {
            steps.update(&StatusUpdate {
                vertexes: vec![vertex],
                ..StatusUpdate::default()
            });
        }
        steps
    }

    #[test]
    fn housekeeping_and_bases_do_not_count() {
        let steps = steps(vec![
            vertex(
                "1",
                "[internal] load build definition from Dockerfile",
                false,
                true,
            ),
            vertex(
                "2",
                "[base 1/2] FROM registry.test/base@sha256:00",
                false,
                true,
            ),
            vertex("3", "[auth] sharing credentials", false, true),
            vertex("4", "exporting to image", false, true),
            vertex("5", "importing cache manifest from x", false, true),
            vertex(
                "6",
                "[context tools] load metadata for debian:12",
                false,
                true,
            ),
            vertex("7", "[context tools] debian:12", false, true),
            vertex("8", "[internal] load metadata for debian:12", false, true),
            vertex("9", "FROM registry.test/tool:2@sha256:00", false, true),
            vertex("10", "[base 2/2] RUN true", true, true),
            vertex("11", "[linux/amd64 context 2/2] RUN true", true, true),
        ]);
        assert_eq!(
            steps.count(),
            StepCount {
                total: 2,
                cached: 2
            }
        );
        assert!(!steps.ran());
    }

    #[test]
    fn bases_are_those_whose_tag_was_resolved() {
        let digest = Digest::of("base");
        let name = |reference: &str| format!("[base 1/2] FROM {reference}@{digest}");
        for (name, expected) in [
            (name("127.0.0.1:5000/base:1"), Some("127.0.0.1:5000/base:1")),
            (
                name("docker.io/library/debian:12"),
                Some("docker.io/library/debian:12"),
            ),
            (
                format!("FROM 127.0.0.1:5000/tool:2@{digest}"),
                Some("127.0.0.1:5000/tool:2"),
            ),
            // Named by digest in the Dockerfile: nothing to pin.
            (name("127.0.0.1:5000/base"), None),
            ("[base 1/2] FROM registry.test/base:1".to_owned(), None),
            ("[base 1/2] FROM scratch@nothing".to_owned(), None),
            ("[base 2/2] RUN echo FROM a:1@b".to_owned(), None),
        ] {
            let steps = steps(vec![vertex("1", &name, false, true)]);
            let expected = expected
                .map(|reference| (reference.to_owned(), digest.to_string()))
                .into_iter()
                .collect();
            assert_eq!(steps.bases(), expected, "{name}");
        }
        let other = format!("[b 1/2] FROM debian:12@{}", Digest::of("other"));
        let both = steps(vec![
            vertex("1", &name("debian:12"), false, true),
            vertex("2", &other, false, true),
        ]);
        assert_eq!(both.bases(), BTreeMap::new());
    }

    #[test]
    fn a_step_that_is_announced_first_and_cached_later_did_not_run() {
        let steps = steps(vec![
            vertex("6", "[base 2/2] RUN true", false, false),
            vertex("6", "[base 2/2] RUN true", false, true),
            vertex("6", "[base 2/2] RUN true", true, true),
            vertex("7", "[web 2/2] COPY . .", false, true),
        ]);
        assert_eq!(
            steps.count(),
            StepCount {
                total: 2,
                cached: 1
            }
        );
        assert!(steps.ran());
    }

    #[test]
    fn one_step_under_two_digests_counts_once_and_ran_if_either_did() {
        let name = "[web 2/2] RUN true";
        let cached = steps(vec![
            vertex("1", name, true, true),
            vertex("2", name, true, true),
        ]);
        assert_eq!(
            cached.count(),
            StepCount {
                total: 1,
                cached: 1
            }
        );
        assert!(!cached.ran());
        let ran = steps(vec![
            vertex("1", name, false, true),
            vertex("2", name, true, true),
        ]);
        assert_eq!(
            ran.count(),
            StepCount {
                total: 1,
                cached: 0
            }
        );
        assert!(ran.ran());
    }
}
