//! ECR's own scanning as a scanner, with a waiter of its own.
//!
//! The SDK's waiter ends only on COMPLETE, which enhanced scanning never says, and takes most of
//! the states below for progress. Basic scanning: a result of the last 24 hours is reused (there is
//! one scan per image and day), else a scan is started; an older one holds where none can be. Enhanced scanning starts by itself and refuses to be
//! started; which of the two a registry does is asked once, and found out on the way where that may
//! not be asked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
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

/// A result that is older is asked for anew: what is known about packages changes by the day.
const FRESH: SignedDuration = SignedDuration::from_hours(24);
/// What a scan may take beyond its patience, for the calls that run when that ends.
const OVERTIME: Duration = Duration::from_secs(35);

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
        let scan = async move {
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
                superseded: None,
                pause: FIRST_PAUSE,
                outages: 0,
            };
            waiter.outcome().await.map_err(|source| ScanError::Ecr {
                reference: image.reference().to_string(),
                source: Box::new(source),
            })
        };
        Box::pin(async move {
            // The waiter keeps the time itself, but between its looks alone.
            let whole = tokio::time::timeout(self.timeout + OVERTIME, scan).await;
            whole.unwrap_or_else(|_| {
                let seconds = self.timeout.as_secs();
                let reason = format!("no result within {seconds} s; AWS did not answer");
                Ok(Outcome::NoResult { reason })
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
    /// When the result was completed that is too old, and in whose place a new one is waited for.
    superseded: Option<Timestamp>,
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

/// What asking for a scan came to.
enum Start {
    /// It runs.
    Started,
    /// Not now, and that is no error.
    NotNow,
    /// There never will be one.
    Never(&'static str),
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
                    return self.start_anew().await;
                }
                let state = "ECR has no scan of it (do the registry's scanning rules cover it?)";
                return Ok(Look::Wait(state.to_owned()));
            }
            Err(error) => return Err(error),
        };
        self.outages = 0;
        match state(&page.status) {
            State::Done if self.is_superseded(&page) => {
                let state = "ECR still has the result of an earlier scan";
                Ok(Look::Wait(state.to_owned()))
            }
            State::Done => match self.old(&page) {
                Some(completed_at) => self.renew(page, completed_at).await,
                None => self.complete(page, first).await.map(Look::End),
            },
            // A scan that failed can be asked for once more.
            State::Bad if page.status == "FAILED" && self.may_start => self.start_anew().await,
            State::Bad => Ok(Look::End(no_result(&page))),
            State::Running => Ok(Look::Wait(format!("ECR says {}", page.status))),
        }
    }

    /// When a result was completed that is too old to be used, as far as a new one can be had.
    /// Enhanced scanning keeps its own up to date, and never says COMPLETE.
    fn old(&self, page: &EcrScanPage) -> Option<Timestamp> {
        if !self.may_start || page.status != "COMPLETE" {
            return None;
        }
        let completed_at = completed_at(page)?;
        let age = self.timer.clock().duration_since(completed_at);
        (age > FRESH).then_some(completed_at)
    }

    /// Whether this is still the result in whose place another one is waited for.
    fn is_superseded(&self, page: &EcrScanPage) -> bool {
        self.superseded
            .is_some_and(|old| completed_at(page).is_none_or(|completed_at| completed_at <= old))
    }

    /// Asks for a new scan of an image that has an old result, which stands where that cannot be.
    async fn renew(&mut self, page: EcrScanPage, old: Timestamp) -> Result<Look, AwsError> {
        match self.start().await {
            Ok(Start::Started) => {
                self.superseded = Some(old);
                Ok(Look::Wait("a new scan was started".to_owned()))
            }
            Ok(Start::NotNow) => self.complete(page, true).await.map(Look::End),
            Ok(Start::Never(reason)) => Ok(never(reason)),
            // A role that may only read.
            Err(error) if matches!(error.kind, AwsErrorKind::Denied { .. }) => {
                self.may_start = false;
                self.complete(page, true).await.map(Look::End)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks for a scan of an image that has no result.
    async fn start_anew(&mut self) -> Result<Look, AwsError> {
        Ok(match self.start().await? {
            Start::Started => Look::Wait("a scan was started".to_owned()),
            Start::NotNow => Look::Wait("no scan could be started".to_owned()),
            Start::Never(reason) => never(reason),
        })
    }

    async fn start(&mut self) -> Result<Start, AwsError> {
        let started = self
            .aws
            .start_ecr_scan(self.host, self.path, &self.digest)
            .await;
        let Err(error) = started else {
            self.may_start = false;
            return Ok(Start::Started);
        };
        if is_refused_with(&error, "UnsupportedImageTypeException") {
            return Ok(Start::Never("ECR cannot scan this type of image"));
        }
        if is_refused_with(&error, "ImageArchivedException") {
            return Ok(Start::Never("the image is archived"));
        }
        // Either there was a scan today, and its result is there or comes; or enhanced scanning is
        // on, which starts by itself.
        let waits = ["LimitExceededException", "ValidationException"];
        if waits.iter().any(|code| is_refused_with(&error, code)) {
            self.may_start = false;
            return Ok(Start::NotNow);
        }
        Err(error)
    }

    async fn page(&self, token: Option<&str>) -> Result<EcrScanPage, AwsError> {
        self.aws
            .ecr_scan_page(self.host, self.path, &self.digest, token)
            .await
    }

    /// The result with all its pages. A part of it is none.
    async fn complete(&mut self, first: EcrScanPage, reused: bool) -> Result<Outcome, AwsError> {
        let scanned_at = first.completed_at.clone();
        let counted = first.counted;
        let no_list = |status: &str, what: &str| Outcome::NoResult {
            reason: format!("ECR says {status} and {what}"),
        };
        let mut found = Vec::new();
        let mut listed: u64 = 0;
        let mut seen = BTreeSet::new();
        let mut page = first;
        loop {
            if state(&page.status) != State::Done {
                let status = &page.status;
                let reason = format!("ECR says {status} in the middle of its list of findings");
                return Ok(Outcome::NoResult { reason });
            }
            let Some(findings) = page.findings else {
                return Ok(no_list(&page.status, "lists no findings, not even none"));
            };
            found.extend(findings);
            listed = listed.saturating_add(page.listed);
            let Some(token) = page.next else { break };
            if !seen.insert(token.clone()) {
                return Ok(no_list(&page.status, "its list of findings does not end"));
            }
            page = self.patient_page(&token).await?;
        }
        if listed < counted {
            return Ok(no_list(
                &page.status,
                "counts findings that it does not list",
            ));
        }
        let mut complete = Complete::of(found.into_iter().filter_map(finding).collect());
        complete.scanned_at = scanned_at;
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

fn never(reason: &str) -> Look {
    Look::End(Outcome::NoResult {
        reason: reason.to_owned(),
    })
}

fn completed_at(page: &EcrScanPage) -> Option<Timestamp> {
    page.completed_at.as_deref()?.parse().ok()
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
