//! Status messages from their wire form.

use bollard_buildkit_proto::moby::buildkit::v1 as control;
use bollard_buildkit_proto::pb;

use crate::timestamp::system_time;
use crate::{
    ProgressGroup, SourceLocation, SourceRange, StatusUpdate, Vertex, VertexLog, VertexStatus,
    VertexWarning,
};

pub(super) fn update(response: control::StatusResponse) -> StatusUpdate {
    StatusUpdate {
        vertexes: response.vertexes.into_iter().map(vertex).collect(),
        statuses: response.statuses.into_iter().map(status).collect(),
        logs: response.logs.into_iter().map(log).collect(),
        warnings: response.warnings.into_iter().map(warning).collect(),
    }
}

fn vertex(vertex: control::Vertex) -> Vertex {
    Vertex {
        digest: vertex.digest,
        inputs: vertex.inputs,
        name: vertex.name,
        cached: vertex.cached,
        started: vertex.started.and_then(system_time),
        completed: vertex.completed.and_then(system_time),
        error: Some(vertex.error).filter(|error| !error.is_empty()),
        progress_group: vertex.progress_group.map(|group| ProgressGroup {
            id: group.id,
            name: group.name,
            weak: group.weak,
        }),
    }
}

fn status(status: control::VertexStatus) -> VertexStatus {
    VertexStatus {
        id: status.id,
        vertex: status.vertex,
        name: status.name,
        current: status.current,
        total: status.total,
        started: status.started.and_then(system_time),
        completed: status.completed.and_then(system_time),
    }
}

fn log(log: control::VertexLog) -> VertexLog {
    VertexLog {
        vertex: log.vertex,
        stream: log.stream,
        message: log.msg.into(),
        timestamp: log.timestamp.and_then(system_time),
    }
}

fn warning(warning: control::VertexWarning) -> VertexWarning {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let ranges = warning.ranges;
    VertexWarning {
        vertex: warning.vertex,
        level: warning.level,
        short: text(&warning.short),
        detail: warning.detail.iter().map(|line| text(line)).collect(),
        url: warning.url,
        source: warning.info.map(|info| SourceLocation {
            filename: info.filename,
            data: info.data,
            language: info.language,
            ranges: ranges.iter().map(range).collect(),
        }),
    }
}

fn range(range: &pb::Range) -> SourceRange {
    let count = |number: i32| u32::try_from(number).unwrap_or(0);
    let start = range.start.unwrap_or_default();
    let end = range.end.unwrap_or(start);
    SourceRange {
        start_line: count(start.line),
        start_character: count(start.character),
        end_line: count(end.line),
        end_character: count(end.character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_error_is_no_error_and_a_warning_has_its_place() {
        let update = update(control::StatusResponse {
            vertexes: vec![control::Vertex {
                name: "a".into(),
                ..Default::default()
            }],
            warnings: vec![control::VertexWarning {
                short: b"careful".to_vec(),
                info: Some(pb::SourceInfo {
                    filename: "Dockerfile".into(),
                    ..Default::default()
                }),
                ranges: vec![pb::Range {
                    start: Some(pb::Position {
                        line: 3,
                        character: 0,
                    }),
                    end: None,
                }],
                ..Default::default()
            }],
            ..Default::default()
        });
        assert_eq!(update.vertexes[0].error, None);
        assert_eq!(update.warnings[0].short, "careful");
        let source = update.warnings[0].source.as_ref().unwrap();
        assert_eq!(
            (source.ranges[0].start_line, source.ranges[0].end_line),
            (3, 3)
        );
    }
}
