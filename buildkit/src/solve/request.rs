//! What to build, and how that is said on the wire.
//!
//! The keys are those of BuildKit's Dockerfile frontend (`frontend/dockerui`) and of
//! `api/services/control`. Every folder has a name or a session of its own, the same in all builds of
//! a run, so that builds which name the same folder share one transfer.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use bollard_buildkit_proto::moby::buildkit::v1 as control;
use bollard_buildkit_proto::moby::buildkit::v1::sourcepolicy::{
    MatchType, Policy, PolicyAction, Rule, Selector, Update,
};
use serde_json::{Value, json};

use crate::session::Shared;
use crate::{Error, RootName};

const FRONTEND: &str = "dockerfile.v0";
/// Present and empty, it makes the built-in frontend serve `# syntax=` lines too.
const CMDLINE: &str = "cmdline";
const FILENAME: &str = "filename";
const CONTEXT: &str = "context";
/// Which session serves the folder `context`.
const CONTEXT_SESSION: &str = "local-sessionid:context";
/// The folder of the Dockerfile.
const DOCKERFILE_KEY: &str = "dockerfilekey";
const FRONTEND_CAPS: &str = "frontend.caps";
const CAP_NAMED_CONTEXTS: &str = "moby.buildkit.frontend.contexts+forward";
const CACHE_IMPORTS: &str = "cache-imports";
/// The name under which an inline Dockerfile is served.
const INLINE_NAME: &str = "Dockerfile";

/// One build. Everything is optional: the default builds nothing and fails.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SolveRequest {
    /// `target`, `platform`, `build-arg:NAME`, `filename`, … of the Dockerfile frontend, passed on
    /// as they are. A remote `context` is given here.
    pub frontend_attributes: BTreeMap<String, String>,
    /// The local folders; `None` for a remote context or none at all.
    pub context: Option<ContextRoots>,
    /// Local folders by the name that `FROM` and `COPY --from` use.
    pub named_local_contexts: BTreeMap<String, PathBuf>,
    /// The Dockerfile's text, used instead of a file; `filename` is then ignored.
    pub inline_dockerfile: Option<String>,
    /// Serve `# syntax=` lines by the frontend that is built into the daemon, instead of pulling
    /// the image that they name.
    pub builtin_frontend: bool,
    /// What becomes of the result; `None` only builds it into the daemon's cache.
    pub exporter: Option<Exporter>,
    /// Caches to read.
    pub cache_imports: Vec<CacheEntry>,
    /// Caches to write.
    pub cache_exports: Vec<CacheEntry>,
    /// `network.host`, `security.insecure`, `device`; each must also be allowed by the daemon.
    pub entitlements: Vec<String>,
    /// Images that are taken by digest wherever the build names them by tag: canonical references
    /// (`docker.io/library/debian:12`) with their digests (`sha256:…`). A tag that moves meanwhile
    /// changes nothing.
    pub pinned_images: BTreeMap<String, String>,
    /// Where images are taken from instead of where the build says. Reading a redirected image,
    /// the daemon looks for the next redirect, so one can lead to another; a circle is an error of
    /// the daemon's. Pins are of what redirects lead to.
    pub redirects: Vec<Redirect>,
    /// Leave no record in the daemon's history.
    pub internal: bool,
}

/// Images that are somewhere else: `docker.io/library/debian` in `docker.io/` is
/// `mirror.example/hub/library/debian` in `mirror.example/hub/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// How canonical references begin; without `*`.
    pub from: String,
    /// What stands there instead; without `$`.
    pub to: String,
}

/// The folders of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextRoots {
    /// What `COPY` reads.
    pub context: PathBuf,
    /// The folder that `filename` is relative to.
    pub dockerfile: PathBuf,
    /// What the build selects of the context, as a short text; `None` for all of it or where that
    /// is not known. The daemon keeps one copy of a context for each text. A build whose copy holds
    /// another build's selection has everything sent again, so builds that select different files
    /// should say so; a wrong guess costs a transfer and never changes a result.
    pub selection: Option<String>,
}

/// Where a result goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exporter {
    /// `image`, `oci`, `docker`, …
    pub kind: String,
    /// `name`, `push`, `oci-mediatypes`, …
    pub attributes: BTreeMap<String, String>,
}

/// A cache to read or write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CacheEntry {
    /// `registry`, `s3`, `inline`, …
    pub kind: String,
    /// `ref`, `mode`, `ignore-error`, …
    pub attributes: BTreeMap<String, String>,
}

/// The folders of a build as a session knows them.
#[derive(Debug, Default)]
pub(super) struct Roots {
    /// `None` for a remote context.
    context: Option<RootName>,
    selection: Option<String>,
    /// `None` when it comes with a remote context.
    dockerfile: Option<RootName>,
    named: BTreeMap<String, RootName>,
}

impl SolveRequest {
    /// Makes the folders known to the session.
    pub(super) fn add_roots(&self, session: &Shared) -> Result<Roots, Error> {
        let mut roots = Roots::default();
        if let Some(folders) = &self.context {
            roots.context = Some(session.add_directory(&folders.context)?);
            roots.selection.clone_from(&folders.selection);
            if self.inline_dockerfile.is_none() {
                roots.dockerfile = Some(session.add_directory(&folders.dockerfile)?);
            }
        } else if !self.frontend_attributes.contains_key(CONTEXT) {
            // The frontend looks for an ignore file even when nothing is copied.
            roots.context = Some(session.add_files(BTreeMap::new()));
        }
        if let Some(text) = &self.inline_dockerfile {
            let files = BTreeMap::from([(INLINE_NAME.to_owned(), text.clone().into())]);
            roots.dockerfile = Some(session.add_files(files));
        }
        for (name, path) in &self.named_local_contexts {
            roots
                .named
                .insert(name.clone(), session.add_directory(path)?);
        }
        Ok(roots)
    }

    /// Writes the request. `session` is the build's own, `context_session` serves its main folder.
    pub(super) fn into_wire(
        self,
        reference: &str,
        session: &str,
        context_session: Option<String>,
        roots: &Roots,
    ) -> control::SolveRequest {
        let frontend_attrs = self.frontend_attrs(context_session, roots);
        let imports = self
            .cache_imports
            .into_iter()
            .map(CacheEntry::into_wire)
            .collect();
        let exports = self
            .cache_exports
            .into_iter()
            .map(CacheEntry::into_wire)
            .collect();
        let exporter = self.exporter.unwrap_or_default();
        let exporter_attrs: HashMap<_, _> = exporter.attributes.into_iter().collect();
        let exporters = (!exporter.kind.is_empty()).then(|| control::Exporter {
            r#type: exporter.kind.clone(),
            attrs: exporter_attrs.clone(),
        });
        control::SolveRequest {
            r#ref: reference.to_owned(),
            session: session.to_owned(),
            frontend: FRONTEND.to_owned(),
            frontend_attrs,
            // Old daemons read only these.
            exporter_deprecated: exporter.kind,
            exporter_attrs_deprecated: exporter_attrs,
            exporters: exporters.into_iter().collect(),
            cache: Some(control::CacheOptions {
                exports,
                imports,
                ..Default::default()
            }),
            entitlements: self.entitlements,
            internal: self.internal,
            source_policy: policy(self.pinned_images, self.redirects),
            ..Default::default()
        }
    }

    fn frontend_attrs(
        &self,
        context_session: Option<String>,
        roots: &Roots,
    ) -> HashMap<String, String> {
        let mut attrs: HashMap<_, _> = self.frontend_attributes.clone().into_iter().collect();
        if let Some(session) = context_session {
            attrs.insert(CONTEXT_SESSION.to_owned(), session);
        }
        if let Some(root) = &roots.dockerfile {
            attrs.insert(DOCKERFILE_KEY.to_owned(), format!("{root}-dockerfile"));
        }
        if self.inline_dockerfile.is_some() {
            attrs.insert(FILENAME.to_owned(), INLINE_NAME.to_owned());
        }
        for (name, root) in &roots.named {
            attrs.insert(format!("context:{name}"), format!("local:{root}-{name}"));
        }
        if attrs.keys().any(|key| key.starts_with("context:")) {
            add_cap(&mut attrs);
        }
        if self.builtin_frontend {
            attrs.entry(CMDLINE.to_owned()).or_default();
        }
        if !self.cache_imports.is_empty() {
            // Sent here too: this is what the frontend passes on to the solves of its own in
            // which the steps run.
            let entries = self.cache_imports.iter();
            let entries = entries.map(|e| json!({"Type": e.kind, "Attrs": e.attributes}));
            attrs.insert(
                CACHE_IMPORTS.to_owned(),
                Value::Array(entries.collect()).to_string(),
            );
        }
        attrs
    }
}

/// A policy that puts digests in place of tags, and other places in place of the images' own; none
/// where nothing is changed. The daemon begins again with the first rule after every change.
fn policy(pins: BTreeMap<String, String>, redirects: Vec<Redirect>) -> Option<Policy> {
    let pins = pins.into_iter().map(|(reference, digest)| {
        let pinned = format!("{reference}@{digest}");
        convert(MatchType::Exact, &reference, &pinned)
    });
    let redirects = redirects.into_iter().map(|Redirect { from, to }| {
        convert(
            MatchType::Wildcard,
            &format!("{from}*"),
            &format!("{to}${{1}}"),
        )
    });
    let rules: Vec<_> = pins.chain(redirects).collect();
    (!rules.is_empty()).then_some(Policy { version: 1, rules })
}

fn convert(match_type: MatchType, from: &str, to: &str) -> Rule {
    let identifier = |reference: &str| format!("docker-image://{reference}");
    Rule {
        action: PolicyAction::Convert.into(),
        updates: Some(Update {
            identifier: identifier(to),
            ..Update::default()
        }),
        selector: Some(Selector {
            identifier: identifier(from),
            match_type: match_type.into(),
            ..Selector::default()
        }),
    }
}

impl Roots {
    /// The main folder, when it is served by us.
    pub(super) fn context(&self) -> Option<&RootName> {
        self.context.as_ref()
    }

    /// See [`ContextRoots::selection`].
    pub(super) fn selection(&self) -> Option<&str> {
        self.selection.as_deref()
    }
}

fn add_cap(attrs: &mut HashMap<String, String>) {
    let caps = attrs.entry(FRONTEND_CAPS.to_owned()).or_default();
    if caps.split(',').any(|cap| cap == CAP_NAMED_CONTEXTS) {
        return;
    }
    if !caps.is_empty() {
        caps.push(',');
    }
    caps.push_str(CAP_NAMED_CONTEXTS);
}

impl CacheEntry {
    fn into_wire(self) -> control::CacheOptionsEntry {
        control::CacheOptionsEntry {
            r#type: self.kind,
            attrs: self.attributes.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests;
