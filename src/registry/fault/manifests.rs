//! Manifests, tags and referrers over HTTP.

use hyper::Method;
use serde_json::json;

use super::State;
use super::answer::Answer;
use super::serve::Incoming;
use super::store::referrers_index;

pub(super) fn manifest(state: &mut State, request: &Incoming, name: &str, target: &str) -> Answer {
    match request.method {
        Method::GET | Method::HEAD => {
            let accepted = request.header_values("accept");
            match state.store.manifest(name, target) {
                Some((digest, stored)) if accepted.contains(&stored.media_type) => Answer::new(200)
                    .digest(digest)
                    .body(&stored.media_type, stored.content.clone()),
                Some(_) => Answer::error(404, "MANIFEST_UNKNOWN", "not acceptable"),
                None => Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
            }
        }
        Method::PUT => {
            let media_type = request.header("content-type").unwrap_or_default();
            let content = request.body.clone();
            let immutable = state.quirks.immutable_tags;
            let put = state
                .store
                .put_manifest(name, target, &media_type, content, immutable);
            match put {
                Err(refusal) => refusal.into(),
                Ok(descriptor) => {
                    let mut answer = Answer::new(201).digest(descriptor.digest);
                    if let Some(subject) = state.store.subject(name, descriptor.digest)
                        && !state.quirks.no_referrers
                    {
                        answer = answer.with("oci-subject", subject.to_string());
                    }
                    if state.quirks.no_location {
                        return answer;
                    }
                    let location = format!("/v2/{name}/manifests/{}", descriptor.digest);
                    answer.with("location", location)
                }
            }
        }
        Method::DELETE => {
            if state.store.delete_manifest(name, target) {
                Answer::new(202)
            } else {
                Answer::error(404, "MANIFEST_UNKNOWN", "manifest unknown")
            }
        }
        _ => Answer::error(405, "UNSUPPORTED", "method not allowed"),
    }
}

pub(super) fn tags(state: &State, request: &Incoming, name: &str) -> Answer {
    let asked = request.field("n").and_then(|n| n.parse().ok());
    let page = asked.unwrap_or(usize::MAX).min(state.quirks.page);
    let last = request.field("last").unwrap_or_default();
    let all: Vec<String> = state
        .store
        .tags(name)
        .into_iter()
        .map(|(tag, _)| tag)
        .filter(|tag| *tag > last)
        .collect();
    let listed = &all[..page.min(all.len())];
    let answer = Answer::new(200).json(&json!({"name": name, "tags": listed}));
    match listed.last() {
        Some(end) if listed.len() < all.len() => {
            let next = format!(r#"</v2/{name}/tags/list?n={page}&last={end}>; rel="next""#);
            answer.with("link", next)
        }
        _ => answer,
    }
}

pub(super) fn referrers(state: &State, name: &str, subject: &str) -> Answer {
    if state.quirks.no_referrers {
        return Answer::new(404).body("text/plain", "404 page not found".into());
    }
    match subject.parse() {
        Ok(subject) => {
            let index = referrers_index(&state.store.referrers(name, subject));
            let mut answer = Answer::new(200).json(&index);
            answer.drop_header("content-type");
            answer.with("content-type", crate::image::media_type::OCI_INDEX)
        }
        Err(_) => Answer::error(400, "DIGEST_INVALID", "not a digest"),
    }
}
