//! ECR's image scanning: starting a scan, and reading what it found. When to do which, and what a
//! state means, is `scan::EcrScanner`'s business.

use std::time::SystemTime;

use aws_sdk_ecr::config::Config;
use aws_sdk_ecr::config::retry::RetryConfig;
use aws_sdk_ecr::operation::describe_image_scan_findings::DescribeImageScanFindingsOutput;
use aws_sdk_ecr::types::{EnhancedImageScanFinding, ImageIdentifier, ImageScanFinding, ScanType};

use super::{Aws, AwsError, EcrHost};

/// How a registry scans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EcrScanType {
    /// Basic: a scan has to be started, unless it starts on push.
    Basic,
    /// Enhanced, by Inspector: scans start by themselves.
    Enhanced,
    /// Not known.
    #[default]
    Unknown,
}

/// A page of what ECR says about the scan of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EcrScanPage {
    /// `COMPLETE`, `IN_PROGRESS`, …; empty when there is none in the answer.
    pub status: String,
    /// More about the status.
    pub description: Option<String>,
    /// When the scan was completed, RFC 3339 in UTC.
    pub completed_at: Option<String>,
    /// The findings of this page; `None` where the answer has no place for any.
    pub findings: Option<Vec<EcrFinding>>,
    /// How many findings this page lists; one about several packages counts once.
    pub listed: u64,
    /// How many findings there are by ECR's own count.
    pub counted: u64,
    /// What the next page is asked for with.
    pub next: Option<String>,
}

/// A vulnerability in one package. An enhanced finding about several packages is several of these.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EcrFinding {
    /// The CVE, or the name in another source.
    pub id: String,
    /// `HIGH`, `UNTRIAGED`, …
    pub severity: String,
    /// The package.
    pub package: Option<String>,
    /// Its version in the image.
    pub version: Option<String>,
    /// The version that mends it, or `NotAvailable`; only enhanced scanning says.
    pub fixed_version: Option<String>,
    /// `YES`, `NO` or `PARTIAL`; only enhanced scanning says.
    pub fix_available: Option<String>,
    /// One line about it.
    pub title: Option<String>,
    /// Where to read more.
    pub url: Option<String>,
    /// `ACTIVE`, `SUPPRESSED` or `CLOSED`; only enhanced scanning says.
    pub status: Option<String>,
}

const TYPE: &str = "ecr:GetRegistryScanningConfiguration";
const START: &str = "ecr:StartImageScan";
const FINDINGS: &str = "ecr:DescribeImageScanFindings";
/// The most that a page can hold.
const PAGE: i32 = 1000;

impl Aws {
    /// How the registry scans. The API can only tell of the caller's own registry; another
    /// account's is not known.
    pub async fn ecr_scan_type(&self, host: &EcrHost) -> Result<EcrScanType, AwsError> {
        let client = self.ecr(&host.region).await;
        let answer = match client.get_registry_scanning_configuration().send().await {
            Ok(answer) => answer,
            Err(error) => return Err(self.failed(TYPE, &host.region, error).await),
        };
        if answer.registry_id().is_some_and(|id| id != host.account) {
            return Ok(EcrScanType::Unknown);
        }
        let configuration = answer.scanning_configuration();
        Ok(match configuration.and_then(|one| one.scan_type()) {
            Some(ScanType::Basic) => EcrScanType::Basic,
            Some(ScanType::Enhanced) => EcrScanType::Enhanced,
            _ => EcrScanType::Unknown,
        })
    }

    /// Starts a basic scan of a manifest.
    pub async fn start_ecr_scan(
        &self,
        host: &EcrHost,
        path: &str,
        digest: &str,
    ) -> Result<(), AwsError> {
        let client = self.ecr(&host.region).await;
        let request = client
            .start_image_scan()
            .registry_id(&host.account)
            .repository_name(path)
            .image_id(ImageIdentifier::builder().image_digest(digest).build());
        // That the day's scan is spent looks to the SDK like throttling, and would be tried again.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        match request.customize().config_override(once).send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.failed(START, &host.region, error).await),
        }
    }

    /// A page of what is known about a manifest.
    pub async fn ecr_scan_page(
        &self,
        host: &EcrHost,
        path: &str,
        digest: &str,
        token: Option<&str>,
    ) -> Result<EcrScanPage, AwsError> {
        let client = self.ecr(&host.region).await;
        let request = client
            .describe_image_scan_findings()
            .registry_id(&host.account)
            .repository_name(path)
            .image_id(ImageIdentifier::builder().image_digest(digest).build())
            .max_results(PAGE)
            .set_next_token(token.map(str::to_owned));
        match request.send().await {
            Ok(answer) => Ok(page(&answer)),
            Err(error) => Err(self.failed(FINDINGS, &host.region, error).await),
        }
    }
}

fn page(answer: &DescribeImageScanFindingsOutput) -> EcrScanPage {
    let status = answer.image_scan_status();
    let found = answer.image_scan_findings();
    let counts = found.and_then(|found| found.finding_severity_counts());
    let counts = counts
        .into_iter()
        .flat_map(std::collections::HashMap::values);
    EcrScanPage {
        status: status
            .and_then(|status| status.status())
            .map(|status| status.as_str().to_owned())
            .unwrap_or_default(),
        description: status
            .and_then(|status| status.description())
            .filter(|text| !text.is_empty())
            .map(str::to_owned),
        completed_at: found
            .and_then(|found| found.image_scan_completed_at())
            .and_then(|time| SystemTime::try_from(*time).ok())
            .and_then(|time| jiff::Timestamp::try_from(time).ok())
            .map(|time| time.to_string()),
        findings: found.map(|found| {
            let basic = found.findings().iter().map(basic);
            let enhanced = found.enhanced_findings().iter().flat_map(enhanced);
            basic.chain(enhanced).collect()
        }),
        listed: found.map_or(0, |found| {
            let listed = found.findings().len() + found.enhanced_findings().len();
            u64::try_from(listed).unwrap_or(u64::MAX)
        }),
        counted: counts.map(|count| u64::try_from(*count).unwrap_or(0)).sum(),
        next: answer
            .next_token()
            .filter(|token| !token.is_empty())
            .map(str::to_owned),
    }
}

fn basic(found: &ImageScanFinding) -> EcrFinding {
    let attribute = |name: &str| {
        let mut attributes = found.attributes().iter();
        let found = attributes.find(|attribute| attribute.key() == name)?;
        found.value().map(str::to_owned)
    };
    EcrFinding {
        id: found.name().unwrap_or("without a name").to_owned(),
        severity: found
            .severity()
            .map(|severity| severity.as_str().to_owned())
            .unwrap_or_default(),
        package: attribute("package_name"),
        version: attribute("package_version"),
        title: found.description().and_then(first_line),
        url: found.uri().map(str::to_owned),
        ..EcrFinding::default()
    }
}

fn enhanced(found: &EnhancedImageScanFinding) -> Vec<EcrFinding> {
    let details = found.package_vulnerability_details();
    let id = details.and_then(|details| details.vulnerability_id());
    let id = id.or(found.title()).or(found.finding_arn());
    let whole = EcrFinding {
        id: id.unwrap_or("without a name").to_owned(),
        severity: found.severity().unwrap_or_default().to_owned(),
        fix_available: found.fix_available().map(str::to_owned),
        title: found.title().and_then(first_line),
        url: details
            .and_then(|details| details.source_url())
            .map(str::to_owned),
        status: found.status().map(str::to_owned),
        ..EcrFinding::default()
    };
    let packages = details.map_or(&[][..], |details| details.vulnerable_packages());
    if packages.is_empty() {
        return vec![whole];
    }
    packages
        .iter()
        .map(|package| EcrFinding {
            package: package.name().map(str::to_owned),
            version: package.version().map(str::to_owned),
            fixed_version: package.fixed_in_version().map(str::to_owned),
            ..whole.clone()
        })
        .collect()
}

fn first_line(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    Some(line.to_owned())
}
