//! The gate of a release, and the scanner that the `scan` block names; checked before anything is
//! built, because a missing scanner would be found out only after all of the work.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::BoxFuture;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::aws::{Aws, AwsSettings, parse_ecr_host};
use crate::config::ScanSettings;
use crate::plan::Plan;
use crate::release::{Gate, Listener, WriteError, write_atomically};
use crate::scan::{
    self, EcrScanner, Policy, ProgramScanner, RealTimer, Report, ScanError, Scanner, ScannerKind,
    Subject, TRIVY, sarif,
};
use crate::ui::Failure;

use super::Invocation;
use super::execute::keychain;

/// The reports that a release leaves in its output folder.
pub(super) const REPORTS: [&str; 2] = ["scan.json", "scan.sarif"];

/// Sends images to a scanner, and keeps what was found.
#[derive(Debug)]
pub(super) struct ReleaseGate {
    scanner: Box<dyn Scanner>,
    policy: Policy,
    targets: Option<BTreeSet<String>>,
    report: Mutex<Option<Report>>,
}

impl ReleaseGate {
    /// The gate that the settings ask for; none where they do not.
    pub(super) fn of(
        invocation: &Invocation,
        settings: Option<&ScanSettings>,
        plan: &Plan,
    ) -> Result<Option<Arc<Self>>, Failure> {
        let Some(settings) = settings.filter(|settings| settings.enabled) else {
            return Ok(None);
        };
        let gate = Self {
            scanner: scanner(invocation, settings)?,
            policy: settings.policy.clone(),
            targets: settings.targets.clone(),
            report: Mutex::new(None),
        };
        let covered = plan
            .images
            .iter()
            .filter(|image| gate.covers(&image.target));
        for image in covered {
            check_host(settings.scanner, &image.primary.repository)?;
        }
        Ok(Some(Arc::new(gate)))
    }

    /// Writes the reports of what was found, if anything was scanned; where they are.
    pub(super) fn write_reports(&self, folder: &Path) -> Result<Vec<PathBuf>, WriteError> {
        let report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(report) = &*report else {
            return Ok(Vec::new());
        };
        let texts = [report.to_json(), sarif::to_text(report)];
        let files = REPORTS.map(|name| folder.join(name));
        for (file, text) in files.iter().zip(texts) {
            write_atomically(file, text.as_bytes())?;
        }
        Ok(files.into())
    }
}

/// Removes the reports of an earlier run: where this one comes to none, they would pass for its own.
pub(super) fn remove_reports(folder: &Path) -> Result<(), WriteError> {
    for path in REPORTS.map(|name| folder.join(name)) {
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(WriteError { path, source });
            }
            _ => {}
        }
    }
    Ok(())
}

impl Gate for ReleaseGate {
    fn scanner(&self) -> ScannerKind {
        self.scanner.kind()
    }

    fn covers(&self, target: &str) -> bool {
        let targets = self.targets.as_ref();
        targets.is_none_or(|targets| targets.contains(target))
    }

    fn examine<'a>(
        &'a self,
        subjects: &'a [Subject],
        listener: Listener<'a>,
    ) -> BoxFuture<'a, Result<Report, ScanError>> {
        Box::pin(async move {
            let report =
                scan::examine(&*self.scanner, &self.policy, today(), subjects, listener).await?;
            *self.report.lock().unwrap_or_else(PoisonError::into_inner) = Some(report.clone());
            Ok(report)
        })
    }
}

/// The day, in UTC, that decides about what is ignored until when.
pub(super) fn today() -> Date {
    jiff::Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// ECR scans only what is in ECR.
pub(super) fn check_host(
    scanner: ScannerKind,
    repository: &crate::registry::Repository,
) -> Result<(), ScanError> {
    if scanner == ScannerKind::Ecr && parse_ecr_host(repository.host()).is_none() {
        return Err(ScanError::NotEcr {
            repository: repository.to_string(),
        });
    }
    Ok(())
}

/// The scanner that settings name.
pub(super) fn scanner(
    invocation: &Invocation,
    settings: &ScanSettings,
) -> Result<Box<dyn Scanner>, Failure> {
    let aws = Aws::new(AwsSettings::default());
    let timeout = settings.timeout;
    if settings.scanner == ScannerKind::Ecr {
        let timer = Arc::new(RealTimer::start());
        return Ok(Box::new(EcrScanner::new(aws, timer, timeout)));
    }
    let is_trivy = settings.scanner == ScannerKind::Trivy;
    let environment = &invocation.context.environment;
    // Who sets a login for Trivy means it.
    let own_login = environment.get("TRIVY_USERNAME").is_some();
    let mut variables = Vec::new();
    if is_trivy && environment.get("TRIVY_TIMEOUT").is_none() {
        // Its own limit is five minutes.
        let limit = format!("{}s", timeout.as_secs());
        variables.push(("TRIVY_TIMEOUT".to_owned(), limit));
    }
    let scanner = ProgramScanner {
        kind: settings.scanner,
        command: if is_trivy {
            TRIVY.map(str::to_owned).into()
        } else {
            settings.command.clone()
        },
        directory: invocation.context.directory.clone(),
        search_path: environment.get("PATH").map(Into::into),
        credentials: (is_trivy && !own_login).then(|| keychain(invocation, &aws)),
        variables,
        timeout,
    };
    scanner.check()?;
    Ok(Box::new(scanner))
}
