//! The AWS configuration of this process, loaded when it is first needed: the environment, the
//! profile files, and the role of a container or instance, in the SDK's order.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecr::config::{Credentials, ProvideCredentials as _, SharedCredentialsProvider};
use launchway_buildkit::Secret;
use tokio::sync::OnceCell;

use super::calls::{CONCURRENCY, Calls, client};
use super::{AwsError, CallCounts};

/// What differs from the SDK's own configuration. Everything is optional; the SDK reads
/// `AWS_PROFILE`, `AWS_ENDPOINT_URL` and the rest by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AwsSettings {
    /// The profile in the AWS configuration files.
    pub profile: Option<String>,
    /// The endpoint of all services, as `AWS_ENDPOINT_URL`.
    pub endpoint_url: Option<String>,
    /// These credentials and no others.
    pub credentials: Option<StaticCredentials>,
    /// A role that is assumed, with the credentials that there are without it.
    pub role: Option<AssumedRole>,
    /// How often a request is sent that fails for a reason that may pass, throttling included. Without it
    /// the SDK's three times; where thousands are sent more often, and throttled ones for minutes.
    pub attempts: Option<u32>,
    /// How many requests are under way at once, of the parts that send many; 16.
    pub concurrency: Option<usize>,
}

/// A role of this account or another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssumedRole {
    /// `arn:aws:iam::123456789012:role/NAME`.
    pub arn: String,
    /// What the role's trust policy asks for beside the identity.
    pub external_id: Option<String>,
    /// The name of the session in `CloudTrail`.
    pub session_name: String,
}

/// An access key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticCredentials {
    /// The key's id.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: Secret,
    /// The token of a temporary key.
    pub session_token: Option<Secret>,
}

/// AWS, as this process may use it. Cheap to clone; clones share what was loaded.
#[derive(Clone)]
pub struct Aws {
    settings: Arc<AwsSettings>,
    config: Arc<OnceCell<SdkConfig>>,
    calls: Calls,
}

impl fmt::Debug for Aws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aws")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Aws {
    /// Reads nothing yet.
    pub fn new(settings: AwsSettings) -> Self {
        let calls = Calls::new(settings.concurrency.unwrap_or(CONCURRENCY));
        Self::sharing(calls, settings)
    }

    /// Another session, for another account, whose requests are counted together with this one's and keep to
    /// its pace.
    #[must_use]
    pub fn beside(&self, settings: AwsSettings) -> Self {
        Self::sharing(self.calls.clone(), settings)
    }

    fn sharing(calls: Calls, settings: AwsSettings) -> Self {
        Self {
            settings: Arc::new(settings),
            config: Arc::new(OnceCell::new()),
            calls,
        }
    }

    /// How many requests were sent so far, by this session, its clones and those beside it.
    pub fn calls(&self) -> CallCounts {
        self.calls.counts()
    }

    pub(super) fn meter(&self) -> &Calls {
        &self.calls
    }

    /// How often a request is sent at most, where it is said.
    pub(super) fn attempts(&self) -> Option<u32> {
        self.settings.attempts
    }

    async fn config(&self) -> &SdkConfig {
        // It is large, and every caller would hold it.
        let load = || Box::pin(load(&self.settings));
        self.config.get_or_init(load).await
    }

    /// The configuration for the clients of a region.
    pub(super) async fn in_region(&self, region: &str) -> SdkConfig {
        let config = self.config().await.clone().into_builder();
        config.region(Region::new(region.to_owned())).build()
    }

    /// The region that this process is configured for: `AWS_REGION`, the profile, the instance.
    pub async fn region(&self) -> Option<String> {
        self.config().await.region().map(ToString::to_string)
    }

    /// The region for a call of `action`: the one that is asked for, or else the process's own.
    pub(super) async fn region_for(
        &self,
        action: &'static str,
        wanted: Option<&str>,
    ) -> Result<String, AwsError> {
        if let Some(region) = wanted {
            return Ok(region.to_owned());
        }
        let region = self.region().await;
        region.ok_or_else(|| AwsError::no_region(action))
    }

    /// The region that this process is configured for, as a call of `action` needs one.
    ///
    /// # Errors
    /// Nobody configured any.
    pub async fn default_region(&self, action: &'static str) -> Result<String, AwsError> {
        self.region_for(action, None).await
    }

    /// Whether there are credentials for a call of `action` in `region`; those of a role are asked for.
    ///
    /// # Errors
    /// There are none, or they cannot be loaded.
    pub async fn check_credentials(
        &self,
        action: &'static str,
        region: &str,
    ) -> Result<(), AwsError> {
        match self.credentials_problem().await {
            None => Ok(()),
            Some(problem) => Err(AwsError::no_credentials(action, region, problem)),
        }
    }

    /// A client of ECR in a region.
    pub(super) async fn ecr(&self, region: &str) -> aws_sdk_ecr::Client {
        client!(self, aws_sdk_ecr, region)
    }

    /// Why there are no credentials, if there are none. Asked only after a request failed: the
    /// SDK's own error does not tell this cause from others by its type.
    pub(super) async fn credentials_problem(
        &self,
    ) -> Option<Box<dyn std::error::Error + Send + Sync>> {
        match self.config().await.credentials_provider() {
            Some(provider) => match provider.provide_credentials().await {
                Ok(_) => None,
                Err(error) => Some(Box::new(error)),
            },
            None => Some("no source of credentials is configured".into()),
        }
    }
}

/// How long one request may take, from its first byte to the last of its answer. No answer that is
/// asked for here is long.
const ATTEMPT: Duration = Duration::from_secs(30);
/// How long a request may take with all its repetitions.
const OPERATION: Duration = Duration::from_secs(100);
/// How long a connection may take, as the SDK has it.
const CONNECT: Duration = Duration::from_millis(3100);

/// The SDK by itself waits for an answer for ever.
fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build()
}

async fn load(settings: &AwsSettings) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts());
    if let Some(profile) = &settings.profile {
        // By itself the SDK takes keys of the environment first, and so another account than the one named.
        let files = ProfileFileCredentialsProvider::builder()
            .profile_name(profile)
            .configure(&ProviderConfig::with_default_region().await);
        loader = loader
            .profile_name(profile)
            .credentials_provider(files.build());
    }
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    if let Some(key) = &settings.credentials {
        let session = key.session_token.as_ref();
        loader = loader.credentials_provider(Credentials::new(
            &key.access_key_id,
            key.secret_access_key.expose(),
            session.map(|token| token.expose().to_owned()),
            None,
            "launchway",
        ));
    }
    if let Some(attempts) = settings.attempts {
        loader = loader.retry_config(RetryConfig::standard().with_max_attempts(attempts));
    }
    let config = loader.load().await;
    match &settings.role {
        Some(role) => assume(config, role).await,
        None => config,
    }
}

/// The same with the credentials of a role.
async fn assume(config: SdkConfig, role: &AssumedRole) -> SdkConfig {
    let mut provider = AssumeRoleProvider::builder(&role.arn).session_name(&role.session_name);
    if let Some(id) = &role.external_id {
        provider = provider.external_id(id);
    }
    // The service that gives the credentials out has a region, too; which one does not matter to the role.
    let region = config.region().cloned();
    let region = region.unwrap_or_else(|| Region::new(home(&role.arn)));
    let provider = provider.configure(&config).region(region).build().await;
    config
        .into_builder()
        .credentials_provider(SharedCredentialsProvider::new(provider))
        .build()
}

/// A region of the partition that an ARN is of.
fn home(arn: &str) -> &'static str {
    match arn.split(':').nth(1) {
        Some("aws-cn") => "cn-north-1",
        Some("aws-us-gov") => "us-gov-west-1",
        Some("aws-eusc") => "eusc-de-east-1",
        Some("aws-iso") => "us-iso-east-1",
        Some("aws-iso-b") => "us-isob-east-1",
        Some("aws-iso-e") => "eu-isoe-west-1",
        Some("aws-iso-f") => "us-isof-south-1",
        _ => "us-east-1",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_client_waits_for_ever() {
        let aws = Aws::new(AwsSettings {
            endpoint_url: Some("http://127.0.0.1:1".to_owned()),
            credentials: Some(StaticCredentials {
                access_key_id: "AKIAEXAMPLE".to_owned(),
                secret_access_key: Secret::new("key"),
                session_token: None,
            }),
            ..AwsSettings::default()
        });
        let config = aws.in_region("eu-west-1").await;
        let timeouts = config.timeout_config().unwrap();
        assert_eq!(timeouts.operation_attempt_timeout(), Some(ATTEMPT));
        assert_eq!(timeouts.operation_timeout(), Some(OPERATION));
    }
}
