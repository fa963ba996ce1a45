//! Scanners that cannot work, references that cannot be scanned, and images that were refused.

use crate::exit;
use crate::scan::{ProgramProblem, Report, ResolveError, ScanError};
use crate::ui::{Failure, scan_advice};

use super::aws::with_aws;
use super::release::with_registry;

impl From<ScanError> for Failure {
    fn from(error: ScanError) -> Self {
        let failure = Self::from_error(code(&error), &error);
        with_scan(failure, &error)
    }
}

/// What a failing scanner exits with. Where AWS or a login is the cause, that is what is wrong, and
/// not the image.
pub(super) fn code(error: &ScanError) -> u8 {
    match error {
        ScanError::Ecr { .. } => exit::REGISTRY,
        ScanError::Program {
            problem: ProgramProblem::Login(_),
            ..
        } => exit::REGISTRY,
        ScanError::NotEcr { .. } | ScanError::NoProgram { .. } => exit::CONFIGURATION,
        ScanError::Program { .. } => exit::SCAN_GATE,
    }
}

/// What to do about a scanner that cannot work.
pub(super) fn with_scan(failure: Failure, error: &ScanError) -> Failure {
    match error {
        ScanError::NotEcr { .. } => failure.hint(
            "The scanner is ecr where nothing else is said. Write scanner = \"trivy\" (or --scanner trivy), or \"command\" for another program.",
        ),
        ScanError::Ecr { source, .. } => with_aws(failure, source),
        ScanError::NoProgram { program, .. } if program == "trivy" => failure.hint(
            "Install Trivy, or choose another scanner: scanner = \"ecr\" or \"command\".",
        ),
        ScanError::NoProgram { .. } => {
            failure.hint("It is what `command` in the scan block says.")
        }
        ScanError::Program { problem, .. } => match problem {
            ProgramProblem::Shape { .. } | ProgramProblem::Output(_) => failure.hint(
                "A scanner prints Trivy's JSON, or findings in the form that docs/scan.md describes, and nothing else on standard output.",
            ),
            ProgramProblem::Failed { .. } => failure.hint(
                "A scanner ends with 0 when it could scan, whatever it found; the rules of the scan block decide.",
            ),
            _ => failure,
        },
    }
}

impl From<ResolveError> for Failure {
    fn from(error: ResolveError) -> Self {
        let plain = |code| Self::from_error(code, &error);
        match &error {
            ResolveError::NotFound { .. } => plain(exit::REGISTRY)
                .hint("Check its name and tag, and that the login may read it."),
            ResolveError::Registry { source, .. } => with_registry(plain(exit::REGISTRY), source),
            ResolveError::NotAnImage { .. } => plain(exit::SCAN_GATE)
                .hint("Name the image, not what was attached to it."),
            ResolveError::Nested { entry, .. } => plain(exit::SCAN_GATE).hint(format!(
                "Scan {entry} by itself, and join the images of such indexes instead of the indexes."
            )),
            ResolveError::Twice { .. } => {
                plain(exit::SCAN_GATE).hint("Scan each of the two by its digest.")
            }
        }
    }
}

/// The failure of a scan that refuses images; the table is shown elsewhere.
pub(crate) fn refused(message: impl Into<String>, report: &Report) -> Failure {
    let mut failure = Failure::new(exit::SCAN_GATE, message);
    failure.refused = true;
    scan_advice(report).into_iter().fold(failure, Failure::hint)
}
