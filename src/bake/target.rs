//! A resolved bake target: what one Dockerfile build is made of.

use std::collections::BTreeMap;

/// One target after inheritance, merging, `--set` and defaults.
///
/// Field by field what `docker buildx bake --print` shows. `None` and empty mean "not given".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The name on the command line and in the file (a matrix row's own name).
    pub name: String,
    /// For people.
    pub description: Option<String>,
    /// Annotations as given: `[scope:]key=value`.
    pub annotations: Vec<String>,
    /// Attestations asked for, for example `type=provenance`.
    pub attest: Vec<Entry>,
    /// Directory or URL; `.` by default. Relative to the working directory.
    pub context: String,
    /// Named contexts: name to directory, URL, `docker-image://…`, `target:…`.
    pub contexts: BTreeMap<String, String>,
    /// The Dockerfile, relative to the context; `Dockerfile` by default.
    pub dockerfile: String,
    /// The Dockerfile's text; beats `dockerfile`.
    pub dockerfile_inline: Option<String>,
    /// Build arguments; `None` is "declared null", not sent.
    pub args: BTreeMap<String, Option<String>>,
    /// Labels of the image.
    pub labels: BTreeMap<String, Option<String>>,
    /// Full references, for example `registry/app:1`.
    pub tags: Vec<String>,
    /// Cache imports.
    pub cache_from: Vec<Entry>,
    /// Cache exports.
    pub cache_to: Vec<Entry>,
    /// The stage to build.
    pub target: Option<String>,
    /// Secrets to expose.
    pub secret: Vec<Entry>,
    /// SSH agents or keys to forward.
    pub ssh: Vec<Entry>,
    /// Platforms as given, for example `linux/arm64`; empty is the engine's own.
    pub platforms: Vec<String>,
    /// Outputs.
    pub output: Vec<Entry>,
    /// Look for newer base images.
    pub pull: Option<bool>,
    /// Use no cache at all.
    pub no_cache: Option<bool>,
    /// Stages that use no cache.
    pub no_cache_filter: Vec<String>,
    /// Network mode of RUN steps.
    pub network: Option<String>,
    /// Size of /dev/shm, as given.
    pub shm_size: Option<String>,
    /// Limits, `name=soft:hard`.
    pub ulimits: Vec<String>,
    /// Method other than building (`check`, `outline`, …).
    pub call: Option<String>,
    /// Entitlements asked for.
    pub entitlements: Vec<String>,
    /// Additional host names, name to address.
    pub extra_hosts: BTreeMap<String, Option<String>>,
}

/// A composable attribute (`cache-from`, `output`, `secret`, …): `type` and everything else,
/// whether it was written as `type=registry,ref=x` or as an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// `registry`, `image`, `env`, …; empty where the attribute has no type (`ssh`).
    pub kind: String,
    /// All other attributes.
    pub attributes: BTreeMap<String, String>,
}

impl Entry {
    /// An attribute's value.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.attributes.get(key).map(String::as_str)
    }
}
