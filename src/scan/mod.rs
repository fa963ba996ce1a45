//! Looking at images for vulnerabilities, and deciding whether they may be released.
//!
//! The core is pure: findings of any scanner in one shape ([`Finding`]), rules ([`Policy`]), and a
//! [`Report`] made of both, with its JSON and SARIF forms. Around it stand three scanners: ECR's own
//! ([`EcrScanner`]), Trivy and any other program ([`ProgramScanner`]). An index is never scanned,
//! its platforms' manifests are. How a report looks in a terminal is `ui`'s work; what a release
//! does with it is `release`'s.

pub mod decide;
mod ecr;
mod error;
mod examine;
pub mod finding;
mod policy;
mod program;
mod program_login;
mod program_output;
mod report;
mod resolve;
pub mod sarif;
mod severity;
mod subject;
mod timer;
pub mod trivy;

use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub use decide::report as judge;
pub use ecr::EcrScanner;
pub use error::{ProgramProblem, ScanError};
pub use examine::{Progress, examine};
pub use finding::{Complete, Counts, Finding, Fix, Outcome};
pub use policy::{Ignore, NoResult, Policy, Unchanged};
pub use program::{PLACEHOLDERS, ProgramScanner, TRIVY, find_program};
pub use program_output::{SCHEMA as FINDINGS_SCHEMA, read as read_output};
pub use report::{Decision, ImageReport, PlatformReport, Report, Row, Rules, SCHEMA, Verdict};
pub use resolve::{ResolveError, resolve};
pub use severity::Severity;
pub use subject::{PlatformImage, Subject};
pub use timer::{RealTimer, Timer};

/// Who looks at images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScannerKind {
    /// ECR itself: basic or enhanced scanning, as the registry is configured.
    #[default]
    Ecr,
    /// Trivy, found in PATH.
    Trivy,
    /// A program that prints findings.
    Command,
}

impl ScannerKind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Ecr, Self::Trivy, Self::Command];

    /// As settings and reports write it: `ecr`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ecr => "ecr",
            Self::Trivy => "trivy",
            Self::Command => "command",
        }
    }

    /// As people read it: `ECR`.
    pub fn title(self) -> &'static str {
        match self {
            Self::Ecr => "ECR",
            Self::Trivy => "Trivy",
            Self::Command => "a command",
        }
    }
}

/// Looks at one platform's image at a time.
pub trait Scanner: Send + Sync + std::fmt::Debug {
    /// Which one it is.
    fn kind(&self) -> ScannerKind;

    /// How many images may be scanned at once.
    fn at_once(&self) -> usize;

    /// Scans an image. What a scanner cannot say is an outcome; an error is a scanner that cannot
    /// work.
    fn scan<'a>(&'a self, image: &'a PlatformImage) -> BoxFuture<'a, Result<Outcome, ScanError>>;
}
