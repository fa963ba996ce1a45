//! Blobs and uploads over HTTP.

use hyper::Method;

use super::answer::Answer;
use super::serve::Incoming;
use super::store::{Refusal, unknown_upload};
use super::{Shared, State};
use crate::image::Digest;

pub(super) fn blob(
    shared: &Shared,
    state: &State,
    request: &Incoming,
    name: &str,
    digest: &str,
) -> Answer {
    let Ok(digest) = digest.parse::<Digest>() else {
        return Answer::error(400, "DIGEST_INVALID", "not a digest");
    };
    let Some(content) = state.store.blob(name, digest) else {
        return Answer::error(404, "BLOB_UNKNOWN", "blob unknown");
    };
    if state.quirks.redirect_blobs && !request.storage && request.method == Method::GET {
        // The signature is what a test searches for where it must not be.
        let path = &request.path;
        let url = format!(
            "http://{}{path}?signature=planted-signature",
            shared.storage
        );
        return Answer::new(307).with("location", url);
    }
    let answer = |status, part| {
        Answer::new(status)
            .digest(digest)
            .with("accept-ranges", "bytes")
            .body("application/octet-stream", part)
    };
    let from = request
        .header("range")
        .filter(|_| !state.quirks.no_ranges)
        .and_then(|range| {
            range
                .strip_prefix("bytes=")?
                .strip_suffix('-')?
                .parse::<usize>()
                .ok()
        });
    match from {
        None => answer(200, content),
        Some(from) if from < content.len() => {
            let range = format!("bytes {from}-{}/{}", content.len() - 1, content.len());
            answer(206, content.slice(from..)).with("content-range", range)
        }
        Some(_) => Answer::new(416),
    }
}

pub(super) fn start(state: &mut State, request: &Incoming, name: &str) -> Answer {
    if let (Some(mount), Some(from)) = (request.field("mount"), request.field("from"))
        && !state.quirks.no_mounts
        && let Ok(digest) = mount.parse::<Digest>()
        && state.store.mount(&from, name, digest)
    {
        return Answer::new(201)
            .digest(digest)
            .with("location", format!("/v2/{name}/blobs/{digest}"));
    }
    let id = state.store.start_upload(name);
    let answer = at(Answer::new(202), name, id, 0);
    match state.quirks.smallest_chunk {
        Some(size) => answer.with("oci-chunk-min-length", size.to_string()),
        None => answer,
    }
}

pub(super) fn upload(state: &mut State, request: &Incoming, name: &str, id: u64) -> Answer {
    let Some(size) = state.store.uploaded(name, id) else {
        return unknown_upload().into();
    };
    match request.method {
        Method::GET => at(Answer::new(204), name, id, size),
        Method::PATCH if state.quirks.no_chunks => {
            Answer::error(405, "UNSUPPORTED", "uploads must be in one piece")
        }
        Method::PATCH => match append(state, request, id, size) {
            Ok(size) => at(Answer::new(202), name, id, size),
            Err(Refusal(416, ..)) => at(Answer::new(416), name, id, size),
            Err(refusal) => refusal.into(),
        },
        Method::PUT => {
            let Some(digest) = request.field("digest").and_then(|text| text.parse().ok()) else {
                return Answer::error(400, "DIGEST_INVALID", "the digest is missing");
            };
            state.store.append(id, &request.body);
            match state.store.finish_upload(id, digest) {
                Ok(()) => Answer::new(201)
                    .digest(digest)
                    .with("location", format!("/v2/{name}/blobs/{digest}")),
                Err(refusal) => refusal.into(),
            }
        }
        _ => Answer::error(405, "UNSUPPORTED", "method not allowed"),
    }
}

fn append(state: &mut State, request: &Incoming, id: u64, size: u64) -> Result<u64, Refusal> {
    let invalid = |message: &str| Refusal(400, "BLOB_UPLOAD_INVALID", message.to_owned());
    let length = request.body.len() as u64;
    if let Some(range) = request.header("content-range") {
        let (start, end) = range
            .split_once('-')
            .and_then(|(start, end)| Some((start.parse::<u64>().ok()?, end.parse::<u64>().ok()?)))
            .ok_or_else(|| invalid("Content-Range is not <start>-<end>"))?;
        if start != size {
            return Err(Refusal(416, "", String::new()));
        }
        if end + 1 - start != length {
            return Err(invalid("Content-Range does not fit the body"));
        }
    }
    // A chunk after a short one shows that the short one was not the last.
    if let Some(smallest) = state.quirks.smallest_chunk
        && !size.is_multiple_of(smallest)
        && size < smallest
        && size > 0
    {
        return Err(invalid("a chunk is too small"));
    }
    state.store.append(id, &request.body);
    Ok(size + length)
}

/// An upload's address, which changes with every answer as distribution's does.
fn at(answer: Answer, name: &str, id: u64, size: u64) -> Answer {
    let state = format!("planted-state-{id}-{size}");
    answer
        .with(
            "location",
            format!("/v2/{name}/blobs/uploads/{id}?_state={state}"),
        )
        .with("range", format!("0-{}", size.saturating_sub(1)))
        .with("docker-upload-uuid", id.to_string())
}
