//! The details that the daemon attaches to an error.
//!
//! They travel in the trailer `grpc-status-details-bin`: a `google.rpc.Status` whose `Any` values
//! hold JSON text, not protobuf. The types are those of BuildKit's `solver/errdefs`. Stacks of the
//! daemon's Go code come along too and are left out; so is everything that cannot be read, because
//! the message alone is better than no error.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard_buildkit_proto::google::rpc;
use prost::Message as _;
use serde::Deserialize;

use crate::{SourceLocation, SourceRange};

const TYPE_PREFIX: &str = "github.com/moby/buildkit/errdefs.";

/// What an error says beyond its message.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Details {
    /// Digest of the step that failed.
    pub(super) vertex: Option<String>,
    /// The place in the Dockerfile; the innermost when there are several.
    pub(super) source: Option<SourceLocation>,
    /// What the failed step was doing.
    pub(super) operation: Option<Operation>,
}

/// The kinds of operation that a failure is told apart by.
#[derive(Debug, PartialEq)]
pub(super) enum Operation {
    /// Running a command.
    Exec,
    /// Fetching an image, a repository or local files; its identifier.
    Source(String),
    /// Copying or another file action, merging, comparing.
    Other,
}

/// Reads the trailer's bytes.
pub(super) fn decode(bytes: &[u8]) -> Details {
    let mut details = Details::default();
    let Ok(status) = rpc::Status::decode(bytes) else {
        return details;
    };
    for any in &status.details {
        let json = any.value.as_slice();
        match detail_name(&any.type_url) {
            Some("Vertex") => {
                let vertex = serde_json::from_slice::<VertexDetail>(json).ok();
                details.vertex = vertex.map(|v| v.digest).or(details.vertex);
            }
            Some("Source") => {
                let source = serde_json::from_slice::<SourceDetail>(json).ok();
                details.source = source.and_then(SourceDetail::location).or(details.source);
            }
            Some("Solve") => {
                let solve = serde_json::from_slice::<SolveDetail>(json).ok();
                details.operation = solve.and_then(SolveDetail::operation).or(details.operation);
            }
            _ => {}
        }
    }
    details
}

/// `Source` of `type.googleapis.com/github.com/moby/buildkit/errdefs.Source+json`.
fn detail_name(type_url: &str) -> Option<&str> {
    let start = type_url.find(TYPE_PREFIX)? + TYPE_PREFIX.len();
    type_url.get(start..)?.strip_suffix("+json")
}

#[derive(Deserialize)]
struct VertexDetail {
    digest: String,
}

#[derive(Deserialize)]
struct SourceDetail {
    info: Option<SourceInfo>,
    #[serde(default)]
    ranges: Vec<Range>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct SourceInfo {
    filename: String,
    data: String,
    language: String,
}

#[derive(Deserialize)]
struct Range {
    start: Option<Position>,
    end: Option<Position>,
}

#[derive(Deserialize, Default, Clone, Copy)]
#[serde(default)]
struct Position {
    line: u32,
    character: u32,
}

#[derive(Deserialize)]
struct SolveDetail {
    op: Option<serde_json::Value>,
}

impl SourceDetail {
    fn location(self) -> Option<SourceLocation> {
        let info = self.info?;
        Some(SourceLocation {
            filename: info.filename,
            data: STANDARD.decode(info.data).unwrap_or_default(),
            language: info.language,
            ranges: self.ranges.into_iter().map(Range::lines).collect(),
        })
    }
}

impl Range {
    fn lines(self) -> SourceRange {
        let start = self.start.unwrap_or_default();
        let end = self.end.unwrap_or(start);
        SourceRange {
            start_line: start.line,
            start_character: start.character,
            end_line: end.line,
            end_character: end.character,
        }
    }
}

impl SolveDetail {
    /// `{"op":{"Op":{"exec":{…}}}}`; the case of the inner key has changed between versions.
    fn operation(self) -> Option<Operation> {
        let op = self.op?;
        let (name, body) = op
            .get("Op")
            .or_else(|| op.get("op"))?
            .as_object()?
            .iter()
            .next()?;
        Some(match name.to_ascii_lowercase().as_str() {
            "exec" => Operation::Exec,
            "source" => Operation::Source(
                body.get("identifier")
                    .and_then(|id| id.as_str())
                    .unwrap_or_default()
                    .to_owned(),
            ),
            _ => Operation::Other,
        })
    }
}

#[cfg(test)]
pub(super) mod tests {
    use bollard_buildkit_proto::google::protobuf::Any;

    use super::*;

    /// The trailer for the given details, each a type name and JSON.
    pub(crate) fn encode(details: &[(&str, &str)]) -> Vec<u8> {
        let details = details
            .iter()
            .map(|(name, json)| Any {
                type_url: format!("{TYPE_PREFIX}{name}+json"),
                value: json.as_bytes().to_vec(),
            })
            .collect();
        rpc::Status {
            code: 2,
            message: "no".into(),
            details,
        }
        .encode_to_vec()
    }

    #[test]
    fn reads_the_place_the_step_and_what_it_did() {
        let bytes = encode(&[
            ("Vertex", r#"{"digest":"sha256:ab"}"#),
            (
                "Solve",
                r#"{"inputIDs":["x"],"op":{"Op":{"exec":{"meta":{}}},"platform":{}}}"#,
            ),
            (
                "Source",
                r#"{"info":{"filename":"Dockerfile","data":"RlJPTSBhCg==","language":"Dockerfile"},
                   "ranges":[{"start":{"line":2},"end":{"line":3,"character":4}},{}]}"#,
            ),
        ]);
        let details = decode(&bytes);
        assert_eq!(details.vertex.as_deref(), Some("sha256:ab"));
        assert_eq!(details.operation, Some(Operation::Exec));
        let source = details.source.unwrap();
        assert_eq!(
            (source.filename.as_str(), source.data.as_slice()),
            ("Dockerfile", &b"FROM a\n"[..])
        );
        let lines: Vec<_> = source
            .ranges
            .iter()
            .map(|r| (r.start_line, r.end_line))
            .collect();
        assert_eq!(lines, [(2, 3), (0, 0)]);
        assert_eq!(source.ranges[0].end_character, 4);
    }

    #[test]
    fn keeps_the_innermost_source_and_skips_stacks_and_garbage() {
        let mut bytes = encode(&[
            ("Source", r#"{"info":{"filename":"outer"}}"#),
            ("Source", r#"{"info":{"filename":"inner"}}"#),
            ("Vertex", "not json"),
            ("Unheard", "{}"),
        ]);
        assert_eq!(decode(&bytes).source.unwrap().filename, "inner");
        assert_eq!(decode(&bytes).vertex, None);
        bytes.truncate(7);
        assert_eq!(decode(&bytes), Details::default());
        assert_eq!(
            detail_name("github.com/moby/buildkit/stack.Stack+json"),
            None
        );
    }

    #[test]
    fn an_image_source_has_an_identifier() {
        let bytes = encode(&[(
            "Solve",
            r#"{"op":{"Op":{"Source":{"identifier":"docker-image://docker.io/library/a:1"}}}}"#,
        )]);
        assert_eq!(
            decode(&bytes).operation,
            Some(Operation::Source(
                "docker-image://docker.io/library/a:1".to_owned()
            ))
        );
    }
}
