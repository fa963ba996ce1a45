//! Bytes on the move inside a step: a context, a layer, an export, a push.

use launchway_buildkit::VertexStatus;

/// What moves, and where to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Flow {
    /// Files of the build context, to the daemon. The total is not known.
    Context,
    /// A layer of a base image or cache, to the daemon.
    Pull,
    /// A layer, unpacked.
    Extract,
    /// Layers and documents of an image, written. No amounts are told.
    Export,
    /// Layers and manifests, to the registry. No amounts are told.
    Push,
    /// Anything else.
    Other,
}

/// One status line of a step.
#[derive(Clone, Debug)]
pub(crate) struct Transfer {
    /// BuildKit's id, which is also its text: `transferring context:`, `extracting sha256:…`.
    pub(crate) id: String,
    pub(crate) flow: Flow,
    /// Bytes done; 0 where amounts are not told.
    pub(crate) current: u64,
    /// Bytes in all; 0 when unknown.
    pub(crate) total: u64,
    pub(crate) completed: bool,
}

impl Transfer {
    pub(crate) fn new(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            flow: Flow::of(id),
            current: 0,
            total: 0,
            completed: false,
        }
    }

    pub(crate) fn update(&mut self, status: &VertexStatus) {
        self.current = u64::try_from(status.current).unwrap_or_default();
        self.total = u64::try_from(status.total).unwrap_or_default();
        self.completed = status.completed.is_some();
        if self.completed {
            self.current = self.current.max(self.total);
        }
    }

    /// Its text without the colon, and digests cut to what people compare.
    pub(crate) fn label(&self) -> String {
        shorten_digests(self.id.trim_end_matches(':'))
    }
}

/// `text` with every `sha256:` digest cut to its first 12 digits.
pub(crate) fn shorten_digests(text: &str) -> String {
    const ALGORITHM: &str = "sha256:";
    let mut parts = text.split(ALGORITHM);
    let mut short = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(part.len());
        short.push_str(&part[..digits.min(12)]);
        short.push_str(&part[digits..]);
    }
    short
}

impl Flow {
    fn of(id: &str) -> Self {
        let starts = |prefix| id.starts_with(prefix);
        if id == "transferring dockerfile:" {
            Self::Other
        } else if starts("transferring ") {
            Self::Context
        } else if starts("sha256:") {
            Self::Pull
        } else if starts("extracting ") {
            Self::Extract
        } else if starts("pushing ") {
            Self::Push
        } else if starts("exporting ") || starts("sending ") || starts("writing ") {
            Self::Export
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn flows_by_the_ids_that_buildkit_uses() {
        for (id, flow) in [
            ("transferring context:", Flow::Context),
            ("transferring dockerfile:", Flow::Other),
            ("sha256:aa", Flow::Pull),
            ("extracting sha256:aa", Flow::Extract),
            ("exporting layers", Flow::Export),
            ("pushing layers", Flow::Push),
            ("pushing manifest for r/x:1@sha256:aa", Flow::Push),
            ("writing layer sha256:aa", Flow::Export),
            ("resolve docker.io/library/node:20", Flow::Other),
        ] {
            assert_eq!(Flow::of(id), flow, "{id}");
        }
    }

    #[test]
    fn a_completed_transfer_is_whole() {
        let mut transfer = Transfer::new("sha256:aa");
        transfer.update(&VertexStatus {
            current: 3,
            total: 10,
            completed: Some(SystemTime::UNIX_EPOCH),
            ..VertexStatus::default()
        });
        assert_eq!(transfer.current, 10);
    }

    #[test]
    fn labels_shorten_digests() {
        let digest = "0123456789abcdef".repeat(4);
        let label = |id: String| Transfer::new(&id).label();
        assert_eq!(
            label(format!("extracting sha256:{digest}")),
            "extracting 0123456789ab"
        );
        assert_eq!(
            label(format!("pushing manifest for r/x@sha256:{digest} now")),
            "pushing manifest for r/x@0123456789ab now"
        );
        assert_eq!(
            label("transferring context:".to_owned()),
            "transferring context"
        );
    }
}
