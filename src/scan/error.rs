//! How scanning fails. That a scanner can say nothing about an image is no failure but an outcome,
//! which the rules decide about; these are scanners that cannot work at all.

use std::process::ExitStatus;

use launchway_buildkit::CredentialError;

use crate::aws::AwsError;

/// A scanner cannot work.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// ECR scans only what is in ECR.
    #[error("{repository} is not in ECR, so ECR cannot scan it")]
    NotEcr {
        /// `registry/repository`.
        repository: String,
    },
    /// ECR's API failed.
    #[error("cannot scan {reference} with ECR")]
    Ecr {
        /// The manifest.
        reference: String,
        /// What ECR said.
        #[source]
        source: Box<AwsError>,
    },
    /// A program failed.
    #[error("cannot scan {reference} with {program}")]
    Program {
        /// The manifest.
        reference: String,
        /// The program as configured.
        program: String,
        /// What went wrong.
        #[source]
        problem: ProgramProblem,
    },
    /// There is no such program; found out before anything is built.
    #[error("cannot scan with {program}")]
    NoProgram {
        /// The program as configured.
        program: String,
        /// Where it was searched.
        #[source]
        problem: ProgramProblem,
    },
}

/// What went wrong with a program.
#[derive(Debug, thiserror::Error)]
pub enum ProgramProblem {
    /// There is no such program.
    #[error("there is no program {program} in {searched}")]
    Missing {
        /// The program as configured.
        program: String,
        /// `PATH`, or a folder.
        searched: String,
    },
    /// It could not be started.
    #[error("it cannot be started")]
    Start(#[source] std::io::Error),
    /// The login that it should use could not be looked up.
    #[error(transparent)]
    Login(#[from] CredentialError),
    /// That login could not be given to it.
    #[error("its login cannot be written to a temporary folder")]
    LoginFile(#[source] std::io::Error),
    /// It printed far more than any report has, or left its output open.
    #[error("its output has no end within {limit} MiB")]
    NoEnd {
        /// Mebibytes that are read.
        limit: usize,
    },
    /// It failed.
    #[error("{status}: {message}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of what it said.
        message: String,
    },
    /// Its output is no JSON of the shape that it begins as; says line and column.
    #[error("its output cannot be read")]
    Output(#[source] serde_json::Error),
    /// Its output is JSON of some other shape.
    #[error(
        "its output is {found}, neither a report of Trivy nor findings of launchway.findings/v1"
    )]
    Shape {
        /// What it is: `a JSON array`, `findings of other/v2`.
        found: String,
    },
}
