use std::sync::Arc;

use futures::future::BoxFuture;

use super::*;
use crate::{Credential, CredentialError, CredentialSource, SessionConfig};

#[derive(Debug)]
struct Nobody;

impl CredentialSource for Nobody {
    fn credential<'a>(
        &'a self,
        _: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(async { Ok(None) })
    }
}

fn session() -> Shared {
    Shared::new(SessionConfig {
        shared_key: "key".into(),
        credentials: Arc::new(Nobody),
        blobs: None,
        sync_records: None,
        engine_id: String::new(),
        hidden: Vec::new(),
    })
}

/// The request as it goes out, and the name of the given folder.
fn wire(request: SolveRequest, folder: &std::path::Path) -> (control::SolveRequest, RootName) {
    let session = session();
    let roots = request.add_roots(&session).unwrap();
    let serving = roots.context().map(|_| "context-session".to_owned());
    let name = session.add_directory(folder).unwrap();
    (
        request.into_wire("ref", "main-session", serving, &roots),
        name,
    )
}

fn strings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn folders_have_sessions_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let request = SolveRequest {
        frontend_attributes: strings(&[("filename", "Dockerfile_web"), ("target", "web")]),
        context: Some(ContextRoots {
            context: folder.path().into(),
            dockerfile: folder.path().into(),
            selection: None,
        }),
        named_local_contexts: [("extra".to_owned(), folder.path().into())].into(),
        ..Default::default()
    };
    let (wire, name) = wire(request, folder.path());
    let attrs: BTreeMap<_, _> = wire.frontend_attrs.into_iter().collect();
    let expected = strings(&[
        ("filename", "Dockerfile_web"),
        ("target", "web"),
        ("local-sessionid:context", "context-session"),
        ("dockerfilekey", &format!("{name}-dockerfile")),
        ("context:extra", &format!("local:{name}-extra")),
        ("frontend.caps", "moby.buildkit.frontend.contexts+forward"),
    ]);
    assert_eq!(attrs, expected);
    assert_eq!(
        (wire.session.as_str(), wire.frontend.as_str()),
        ("main-session", "dockerfile.v0")
    );
    assert!(wire.exporters.is_empty() && wire.exporter_deprecated.is_empty());
}

#[test]
fn a_remote_context_brings_its_own_dockerfile() {
    let folder = tempfile::tempdir().unwrap();
    let url = ("context", "https://example.com/repository.git");
    let request = SolveRequest {
        frontend_attributes: strings(&[url]),
        ..Default::default()
    };
    let (wire, _) = wire(request, folder.path());
    assert_eq!(
        wire.frontend_attrs.into_iter().collect::<BTreeMap<_, _>>(),
        strings(&[url])
    );
}

#[test]
fn an_inline_dockerfile_replaces_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let request = SolveRequest {
        frontend_attributes: strings(&[("filename", "elsewhere/Dockerfile")]),
        inline_dockerfile: Some("FROM scratch".into()),
        builtin_frontend: true,
        ..Default::default()
    };
    let (wire, _) = wire(request, folder.path());
    assert_eq!(wire.frontend_attrs["filename"], "Dockerfile");
    assert_eq!(wire.frontend_attrs["cmdline"], "");
    assert!(wire.frontend_attrs["dockerfilekey"].ends_with("-dockerfile"));
    assert_eq!(
        wire.frontend_attrs["local-sessionid:context"],
        "context-session"
    );
}

#[test]
fn caches_and_exporters_are_said_twice() {
    let folder = tempfile::tempdir().unwrap();
    let cache = |reference| CacheEntry {
        kind: "registry".into(),
        attributes: strings(&[("ref", reference)]),
    };
    let request = SolveRequest {
        exporter: Some(Exporter {
            kind: "image".into(),
            attributes: strings(&[("push", "true")]),
        }),
        cache_imports: vec![cache("r/a:1"), cache("r/b:1")],
        cache_exports: vec![cache("r/c:1")],
        ..Default::default()
    };
    let (wire, _) = wire(request, folder.path());
    assert_eq!(
        wire.frontend_attrs["cache-imports"],
        r#"[{"Type":"registry","Attrs":{"ref":"r/a:1"}},{"Type":"registry","Attrs":{"ref":"r/b:1"}}]"#
    );
    let caches = wire.cache.unwrap();
    assert_eq!((caches.imports.len(), caches.exports.len()), (2, 1));
    assert_eq!(wire.exporters[0].r#type, wire.exporter_deprecated);
    assert_eq!(wire.exporters[0].attrs, wire.exporter_attrs_deprecated);
}

#[test]
fn caps_of_the_caller_stay() {
    let mut attrs = HashMap::from([(FRONTEND_CAPS.to_owned(), "a,b".to_owned())]);
    add_cap(&mut attrs);
    add_cap(&mut attrs);
    assert_eq!(attrs[FRONTEND_CAPS], format!("a,b,{CAP_NAMED_CONTEXTS}"));
}

#[test]
fn pins_and_redirects_are_rules_of_the_source_policy() {
    let folder = tempfile::tempdir().unwrap();
    let request = SolveRequest {
        pinned_images: strings(&[("docker.io/library/a:1", "sha256:00")]),
        redirects: vec![Redirect {
            from: "docker.io/".to_owned(),
            to: "mirror.example/hub/".to_owned(),
        }],
        ..Default::default()
    };
    let (wire, _) = wire(request, folder.path());
    let rules = wire.source_policy.unwrap().rules.into_iter().map(|rule| {
        let selector = rule.selector.unwrap();
        let kind = selector.match_type();
        (kind, selector.identifier, rule.updates.unwrap().identifier)
    });
    let rule = |kind, from: &str, to: &str| (kind, from.to_owned(), to.to_owned());
    assert_eq!(
        rules.collect::<Vec<_>>(),
        [
            rule(
                MatchType::Exact,
                "docker-image://docker.io/library/a:1",
                "docker-image://docker.io/library/a:1@sha256:00",
            ),
            rule(
                MatchType::Wildcard,
                "docker-image://docker.io/*",
                "docker-image://mirror.example/hub/${1}",
            ),
        ]
    );
}
