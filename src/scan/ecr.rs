//! ECR's own scanning as a scanner, with a waiter of its own.
//!
//! The SDK's waiter ends only on COMPLETE, which enhanced scanning never says, and takes most of
//! the states below for progress. Basic scanning: an existing result is reused (there is one scan
//! per image and day), else a scan is started. Enhanced scanning starts by itself and refuses to be
//! started; which of the two a registry does is asked once, and found out on the way where that may
//! not be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Mutex;

use super::error::ScanError;
use super::{
    Complete, Finding, Fix, Outcome, PlatformImage, Scanner, ScannerKind, Severity, Timer,
};
use crate::aws::{
    Aws, AwsError, AwsErrorKind, EcrFinding, EcrHost, EcrScanPage, EcrScanType, parse_ecr_host,
};

/// The first pause between two looks; later ones grow by half …
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// So often may an endpoint be unreachable or broken in a row. Throttling has no such limit.
const OUTAGES: u32 = 5;
/// An image that was just pushed may not be known to the API for so long.
const UNKNOWN_IMAGE: Duration = Duration::from_secs(30);

/// Scans with ECR.
#[derive(Clone, Debug)]
pub struct EcrScanner {
    aws: Aws,
    timer: Arc<dyn Timer>,
    timeout: Duration,
    /// What registries do, as far as it was asked.
    types: Arc<Mutex<BTreeMap<EcrHost, EcrScanType>>>,
}

impl EcrScanner {
    /// A scanner that waits at most `timeout` for each image.
    pub fn new(aws: Aws, timer: Arc<dyn Timer>, timeout: Duration) -> Self {
        Self {
            aws,
            timer,
            timeout,
            types: Arc::default(),
        }
    }

    /// How the registry scans; asked once.
    async fn scan_type(&self, host: &EcrHost) -> EcrScanType {
        let mut types = self.types.lock().await;
        if let Some(known) = types.get(host) {
            return *known;
        }
        // A role that may not ask is no reason to stop: the first calls tell the two apart, too.
        let kind = self.aws.ecr_scan_type(host).await.unwrap_or_default();
        types.insert(host.clone(), kind);
        kind
    }
}

impl Scanner for EcrScanner {
    fn kind(&self) -> ScannerKind {
        ScannerKind::Ecr
    }

    fn at_once(&self) -> usize {
        8
    }

    fn scan<'a>(&'a self, image: &'a PlatformImage) -> BoxFuture<'a, Result<Outcome, ScanError>> {
        Box::pin(async move {
            let host = parse_ecr_host(image.repository.host());
            let host = host.ok_or_else(|| ScanError::NotEcr {
                repository: image.repository.to_string(),
            })?;
            let mut waiter = Waiter {
                aws: &self.aws,
                timer: &*self.timer,
                host: &host,
                path: image.repository.path(),
                digest: image.manifest.to_string(),
                begun: self.timer.now(),
                timeout: self.timeout,
                may_start: self.scan_type(&host).await != EcrScanType::Enhanced,
                pause: FIRST_PAUSE,
                outages: 0,
            };
            waiter.outcome().await.map_err(|source| ScanError::Ecr {
                reference: image.reference().to_string(),
                source: Box::new(source),
            })
        })
    }
}

/// One image's way to a result.
struct Waiter<'a> {
    aws: &'a Aws,
    timer: &'a dyn Timer,
    host: &'a EcrHost,
    path: &'a str,
    digest: String,
    begun: Duration,
    timeout: Duration,
    /// A scan can be started, and was not.
    may_start: bool,
    pause: Duration,
    outages: u32,
}

/// What a look came to.
enum Look {
    /// There is a result or never will be one.
    End(Outcome),
    /// Not yet; a fragment about what ECR says meanwhile.
    Wait(String),
}

impl Waiter<'_> {
    async fn outcome(&mut self) -> Result<Outcome, AwsError> {
        let mut first = true;
        loop {
            let look = match self.look(first).await {
                Ok(Look::End(outcome)) => return Ok(outcome),
                Ok(Look::Wait(state)) => Ok(state),
                Err(error) => Err(self.tolerated(error)?),
            };
            first = false;
            let left = self.timeout.saturating_sub(self.elapsed());
            if left.is_zero() {
                let seconds = self.timeout.as_secs();
                // That AWS had no time for us says nothing about the image.
                let state = look?;
                let reason = format!("no result within {seconds} s; {state}");
                return Ok(Outcome::NoResult { reason });
            }
            self.timer.sleep(self.pause.min(left)).await;
            self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }

    fn elapsed(&self) -> Duration {
        self.timer.now().saturating_sub(self.begun)
    }

    /// An error that may pass; any other ends the scan.
    fn tolerated(&mut self, error: AwsError) -> Result<AwsError, AwsError> {
        let tolerated = match &error.kind {
            AwsErrorKind::Throttled => true,
            AwsErrorKind::NotFound { code, .. } if code == "ImageNotFoundException" => {
                self.elapsed() < UNKNOWN_IMAGE
            }
            _ if error.is_temporary() => {
                self.outages += 1;
                self.outages < OUTAGES
            }
            _ => false,
        };
        if tolerated { Ok(error) } else { Err(error) }
    }

    async fn look(&mut self, first: bool) -> Result<Look, AwsError> {
        let page = match self.page(None).await {
            Ok(page) => page,
            Err(error) if is_refused_with(&error, "ScanNotFoundException") => {
                if self.may_start {
                    return self.start().await;
                }
                let state = "ECR has no scan of it (do the registry's scanning rules cover it?)";
                return Ok(Look::Wait(state.to_owned()));
            }
            Err(error) => return Err(error),
        };
        self.outages = 0;
        match state(&page.status) {
            State::Done => self.complete(page, first).await.map(Look::End),
            // A scan that failed can be asked for once more.
            State::Bad if page.status == "FAILED" && self.may_start => self.start().await,
            State::Bad => Ok(Look::End(no_result(&page))),
            State::Running => Ok(Look::Wait(format!("ECR says {}", page.status))),
        }
    }

    async fn start(&mut self) -> Result<Look, AwsError> {
        let started = self
            .aws
            .start_ecr_scan(self.host, self.path, &self.digest)
            .await;
        let Err(error) = started else {
            self.may_start = false;
            return Ok(Look::Wait("a scan was started".to_owned()));
        };
        if is_refused_with(&error, "UnsupportedImageTypeException") {
            let reason = "ECR cannot scan this type of image".to_owned();
            return Ok(Look::End(Outcome::NoResult { reason }));
        }
        if is_refused_with(&error, "ImageArchivedException") {
            let reason = "the image is archived".to_owned();
            return Ok(Look::End(Outcome::NoResult { reason }));
        }
        // Either there was a scan today, and its result is there or comes; or enhanced scanning is
        // on, which starts by itself.
        let waits = ["LimitExceededException", "ValidationException"];
        if waits.iter().any(|code| is_refused_with(&error, code)) {
            self.may_start = false;
            return Ok(Look::Wait("no scan could be started".to_owned()));
        }
        Err(error)
    }

    async fn page(&self, token: Option<&str>) -> Result<EcrScanPage, AwsError> {
        self.aws
            .ecr_scan_page(self.host, self.path, &self.digest, token)
            .await
    }

    /// The result with all its pages.
    async fn complete(&mut self, first: EcrScanPage, reused: bool) -> Result<Outcome, AwsError> {
        let (status, counted) = (first.status.clone(), first.counted);
        let no_list = |what: &str| Outcome::NoResult {
            reason: format!("ECR says {status} and {what}"),
        };
        let Some(mut found) = first.findings else {
            return Ok(no_list("lists no findings, not even none"));
        };
        let mut next = first.next;
        let mut seen = BTreeSet::new();
        while let Some(token) = next.take() {
            if !seen.insert(token.clone()) {
                return Ok(no_list("its list of findings does not end"));
            }
            let page = self.patient_page(&token).await?;
            found.extend(page.findings.into_iter().flatten());
            next = page.next;
        }
        if found.is_empty() && counted > 0 {
            return Ok(no_list("counts findings that it does not list"));
        }
        let mut complete = Complete::of(found.into_iter().filter_map(finding).collect());
        complete.scanned_at = first.completed_at;
        complete.reused = reused;
        Ok(Outcome::Complete(complete))
    }

    /// A further page, with the same patience as the first.
    async fn patient_page(&mut self, token: &str) -> Result<EcrScanPage, AwsError> {
        loop {
            let error = match self.page(Some(token)).await {
                Ok(page) => return Ok(page),
                Err(error) => self.tolerated(error)?,
            };
            let left = self.timeout.saturating_sub(self.elapsed());
            if left.is_zero() {
                return Err(error);
            }
            self.timer.sleep(self.pause.min(left)).await;
            self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        }
    }
}

fn no_result(page: &EcrScanPage) -> Outcome {
    let mut reason = format!("ECR says {}", page.status);
    if let Some(description) = &page.description {
        reason.push_str(": ");
        reason.push_str(description.trim_end_matches('.'));
    }
    Outcome::NoResult { reason }
}

fn is_refused_with(error: &AwsError, wanted: &str) -> bool {
    match &error.kind {
        AwsErrorKind::Refused { code, .. } | AwsErrorKind::NotFound { code, .. } => code == wanted,
        _ => false,
    }
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    Done,
    Bad,
    Running,
}

/// What a status means. One that we do not know is still running: never a success.
fn state(status: &str) -> State {
    match status {
        "COMPLETE" | "ACTIVE" => State::Done,
        "FAILED"
        | "UNSUPPORTED_IMAGE"
        | "FINDINGS_UNAVAILABLE"
        | "LIMIT_EXCEEDED"
        | "SCAN_ELIGIBILITY_EXPIRED"
        | "IMAGE_ARCHIVED"
        | "IMAGE_SIZE_EXCEEDED" => State::Bad,
        _ => State::Running,
    }
}

/// A finding, unless it is over or was put away in Inspector.
fn finding(found: EcrFinding) -> Option<Finding> {
    if matches!(found.status.as_deref(), Some("CLOSED" | "SUPPRESSED")) {
        return None;
    }
    // Inspector writes `NotAvailable` where there is none.
    let fixed_version = found
        .fixed_version
        .filter(|version| !version.is_empty() && version != "NotAvailable");
    let fix = match (&fixed_version, found.fix_available.as_deref()) {
        (Some(_), _) | (None, Some("YES")) => Fix::Available,
        // Some packages are mended, and this one is not.
        (None, Some("NO" | "PARTIAL")) => Fix::None,
        (None, _) => Fix::Unknown,
    };
    Some(Finding {
        id: found.id,
        severity: Severity::read(&found.severity),
        package: found.package,
        installed_version: found.version,
        fix,
        fixed_version,
        title: found.title,
        url: found.url,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_status_is_still_running() {
        for status in ["COMPLETE", "ACTIVE"] {
            assert_eq!(state(status), State::Done);
        }
        for status in [
            "FAILED",
            "UNSUPPORTED_IMAGE",
            "FINDINGS_UNAVAILABLE",
            "LIMIT_EXCEEDED",
            "SCAN_ELIGIBILITY_EXPIRED",
            "IMAGE_ARCHIVED",
            "IMAGE_SIZE_EXCEEDED",
        ] {
            assert_eq!(state(status), State::Bad);
        }
        for status in ["IN_PROGRESS", "PENDING", "WAITING_FOR_MOON", ""] {
            assert_eq!(state(status), State::Running);
        }
    }

    #[test]
    fn inspector_says_whether_there_is_a_fix() {
        let found = |version: Option<&str>, available: Option<&str>| {
            let found = EcrFinding {
                id: "CVE-2026-1".to_owned(),
                severity: "UNTRIAGED".to_owned(),
                fixed_version: version.map(str::to_owned),
                fix_available: available.map(str::to_owned),
                ..EcrFinding::default()
            };
            finding(found).unwrap().fix
        };
        assert_eq!(found(Some("1.2"), Some("YES")), Fix::Available);
        assert_eq!(found(Some("NotAvailable"), Some("NO")), Fix::None);
        assert_eq!(found(Some("NotAvailable"), Some("PARTIAL")), Fix::None);
        assert_eq!(found(Some("1.2"), Some("PARTIAL")), Fix::Available);
        assert_eq!(found(None, None), Fix::Unknown);
        let closed = EcrFinding {
            status: Some("CLOSED".to_owned()),
            ..EcrFinding::default()
        };
        assert_eq!(finding(closed), None);
    }
}
