//! Where base images come from: the registries that Dockerfiles name, or mirrors of them.
//!
//! The daemon rewrites the names itself, by rules on the first part of a name, wherever it meets
//! one: `FROM`, `COPY --from`, `RUN --mount=from=`, named contexts, frontends. So no build depends
//! on what is known of a Dockerfile here; names are for people, and for the policy of a role. Images
//! that are pushed, and caches, are no sources, and are never rewritten.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::dockerfile::named_images;
use crate::config::BaseImages;
use crate::registry::{Reference, ReferenceTarget};

/// Docker Hub, as references show it.
const DOCKER_HUB: &str = "docker.io";
/// Another name of it, which BuildKit takes for another registry.
const DOCKER_HUB_API: &str = "registry-1.docker.io";

/// Where the base images of one solve come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BaseImagePlan {
    /// `HOST[/PREFIX]` by the registry that it stands for.
    pub mirrors: BTreeMap<String, String>,
    /// Images that the Dockerfile names for certain, in full, and the names that they are pulled
    /// by: another one where there is a mirror.
    pub images: BTreeMap<String, String>,
    /// Names in the Dockerfile that hold variables whose values are not known, as written.
    #[serde(skip)]
    pub unknown: BTreeSet<String>,
    /// The Dockerfile cannot be seen: it is in a remote context, or missing.
    #[serde(skip)]
    pub unseen: bool,
}

impl BaseImagePlan {
    /// Reads nothing from disk: `dockerfile` is the text where it can be seen, `attributes` are
    /// those of the frontend, with build arguments and named contexts.
    pub(super) fn new(
        settings: Option<&BaseImages>,
        dockerfile: Option<&str>,
        attributes: &BTreeMap<String, String>,
    ) -> Self {
        let mut plan = Self {
            mirrors: settings.map(|one| one.mirrors.clone()).unwrap_or_default(),
            unseen: dockerfile.is_none(),
            ..Self::default()
        };
        let with_prefix = |prefix: &'static str| {
            let attributes = attributes.iter();
            attributes
                .filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, value.as_str())))
        };
        let arguments: BTreeMap<&str, &str> = with_prefix("build-arg:").collect();
        let contexts: BTreeMap<&str, &str> = with_prefix("context:").collect();
        let named = dockerfile.map(|text| named_images(text, &arguments));
        let named = named.unwrap_or_default();
        plan.unknown = named.unknown;
        let mut images = named.images;
        images.retain(|image| !contexts.contains_key(image.as_str()));
        let in_contexts = contexts.values();
        images.extend(in_contexts.filter_map(|value| {
            let image = value.strip_prefix("docker-image://")?;
            Some(image.to_owned())
        }));
        plan.images = plan.resolve(&images);
        plan
    }

    /// Whether every image comes from where its name says.
    pub fn is_direct(&self) -> bool {
        self.mirrors.is_empty()
    }

    /// What the daemon is told: names that begin so, begin otherwise.
    pub fn rules(&self) -> impl Iterator<Item = (String, String)> {
        self.mirrors.iter().flat_map(|(registry, mirror)| {
            let other = (registry == DOCKER_HUB).then_some(DOCKER_HUB_API);
            let hosts = std::iter::once(registry.as_str()).chain(other);
            hosts.map(move |host| (format!("{host}/"), format!("{mirror}/")))
        })
    }

    /// The name that an image is pulled by, in full.
    pub fn pulled_as(&self, image: &Reference) -> String {
        let full = in_full(image);
        let rule = self.rules().find(|(from, _)| full.starts_with(from));
        match rule {
            Some((from, to)) => full.replacen(&from, &to, 1),
            None => full,
        }
    }

    /// The name in Dockerfiles of an image that was pulled from a mirror.
    pub fn original(&self, pulled: &str) -> Option<String> {
        // The longest prefix, should one mirror lie inside of another.
        let mirrors = self.mirrors.iter().filter_map(|(registry, mirror)| {
            let rest = pulled.strip_prefix(mirror)?.strip_prefix('/')?;
            Some((mirror.len(), format!("{registry}/{rest}")))
        });
        mirrors.max().map(|(_, original)| original)
    }

    fn resolve(&self, images: &BTreeSet<String>) -> BTreeMap<String, String> {
        let references = images.iter().filter_map(|image| image.parse().ok());
        references
            .map(|image: Reference| (in_full(&image), self.pulled_as(&image)))
            .collect()
    }
}

/// A reference with the tag that is meant where none is written.
fn in_full(image: &Reference) -> String {
    match image.target() {
        ReferenceTarget::Tag(tag) if image.tag().is_none() => {
            image.repository().with_tag(tag).to_string()
        }
        _ => image.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ECR: &str = "123456789012.dkr.ecr.eu-west-1.amazonaws.com";

    fn settings() -> BaseImages {
        let mirrors = [
            ("docker.io", "docker-hub"),
            ("public.ecr.aws", "ecr-public"),
            ("localhost:5000", "local/deep"),
        ];
        let mirrors = mirrors.map(|(host, path)| (host.to_owned(), format!("{ECR}/{path}")));
        BaseImages {
            mirrors: mirrors.into(),
        }
    }

    #[test]
    fn names_are_read_as_docker_reads_them() {
        let settings = settings();
        let plan = BaseImagePlan::new(Some(&settings), None, &BTreeMap::new());
        let digest = format!("sha256:{}", "0".repeat(64));
        for (image, expected) in [
            ("nginx", "docker-hub/library/nginx:latest"),
            ("nginx:1", "docker-hub/library/nginx:1"),
            ("library/nginx:1", "docker-hub/library/nginx:1"),
            ("user/app", "docker-hub/user/app:latest"),
            ("docker.io/nginx:1", "docker-hub/library/nginx:1"),
            ("docker.io/user/app:1", "docker-hub/user/app:1"),
            ("index.docker.io/nginx:1", "docker-hub/library/nginx:1"),
            (
                "registry-1.docker.io/library/nginx:1",
                "docker-hub/library/nginx:1",
            ),
            (
                "docker/library/nginx:1",
                "docker-hub/docker/library/nginx:1",
            ),
            (
                "public.ecr.aws/docker/library/nginx:1",
                "ecr-public/docker/library/nginx:1",
            ),
            ("localhost:5000/nginx:1", "local/deep/nginx:1"),
        ] {
            let reference = image.parse().unwrap();
            assert_eq!(
                plan.pulled_as(&reference),
                format!("{ECR}/{expected}"),
                "{image}"
            );
        }
        for digest in [format!("nginx@{digest}"), format!("nginx:1@{digest}")] {
            let reference = digest.parse().unwrap();
            let expected = format!("{ECR}/docker-hub/library/{digest}");
            assert_eq!(plan.pulled_as(&reference), expected);
        }
        for other in [
            "localhost/nginx:1",
            "localhost:5001/nginx:1",
            "docker.io.example/nginx:1",
            "docker.io:443/library/nginx:1",
            "quay.io/docker.io/nginx:1",
            "127.0.0.1:5000/nginx:1",
        ] {
            assert_eq!(plan.pulled_as(&other.parse().unwrap()), other);
        }
    }

    #[test]
    fn mirrors_can_be_read_backwards() {
        let mut settings = settings();
        let inner = format!("{ECR}/docker-hub/quay");
        settings.mirrors.insert("quay.io".to_owned(), inner);
        let plan = BaseImagePlan::new(Some(&settings), None, &BTreeMap::new());
        for (pulled, expected) in [
            (
                "docker-hub/library/nginx:1",
                Some("docker.io/library/nginx:1"),
            ),
            ("docker-hub/quay/a/b:1", Some("quay.io/a/b:1")),
            ("docker-hub2/x:1", None),
            ("shop/web:1", None),
        ] {
            let original = plan.original(&format!("{ECR}/{pulled}"));
            assert_eq!(original.as_deref(), expected, "{pulled}");
        }
    }

    #[test]
    fn images_of_contexts_replace_those_of_dockerfiles() {
        let attributes = BTreeMap::from([
            (
                "context:base".to_owned(),
                "docker-image://alpine:3".to_owned(),
            ),
            (
                "context:src".to_owned(),
                "https://git.example/x.git".to_owned(),
            ),
            ("build-arg:V".to_owned(), "2".to_owned()),
        ]);
        let dockerfile = "ARG V\nFROM base\nFROM quay.io/x:$V\nFROM x/Upper";
        let plan = BaseImagePlan::new(Some(&settings()), Some(dockerfile), &attributes);
        let expected = BTreeMap::from([
            (
                "docker.io/library/alpine:3".to_owned(),
                format!("{ECR}/docker-hub/library/alpine:3"),
            ),
            ("quay.io/x:2".to_owned(), "quay.io/x:2".to_owned()),
        ]);
        assert_eq!(plan.images, expected);
    }

    #[test]
    fn images_are_known_without_mirrors_too() {
        let dockerfile = "ARG BASE\nFROM alpine:3\nFROM ${BASE}/php:8";
        let plan = BaseImagePlan::new(None, Some(dockerfile), &BTreeMap::new());
        let name = "docker.io/library/alpine:3".to_owned();
        assert_eq!(plan.images, BTreeMap::from([(name.clone(), name)]));
        assert_eq!(plan.unknown, ["${BASE}/php:8".to_owned()].into());
        assert!(plan.is_direct() && !plan.unseen);
        assert!(BaseImagePlan::new(None, None, &BTreeMap::new()).unseen);
    }
}
