//! SSM's Parameter Store: reading, writing and the history of one parameter.

use std::fmt;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use aws_sdk_ssm::operation::put_parameter::PutParameterError;
use aws_sdk_ssm::primitives::DateTime;
use aws_sdk_ssm::types::{ParameterTier as SdkTier, ParameterType};
use launchway_buildkit::Secret;

use super::calls::client;
use super::pages::Pages;
use super::{Aws, AwsError};
use crate::config::{ParameterKind, ParameterTier};

const GET: &str = "ssm:GetParameter";
const PUT: &str = "ssm:PutParameter";
const HISTORY: &str = "ssm:GetParameterHistory";

/// The most versions that the API gives at once.
const PAGE: i32 = 50;

/// The parameters of one region.
#[derive(Clone)]
pub struct ParameterStore {
    aws: Aws,
    client: Client,
    region: String,
}

impl fmt::Debug for ParameterStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParameterStore")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// What a parameter holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredParameter {
    /// Its value; still encrypted where that was asked for. May be a secret of somebody else.
    pub value: Secret,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// The version, counted from 1.
    pub version: i64,
    /// When it was written.
    pub modified: Option<jiff::Timestamp>,
}

/// One of the versions that SSM keeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterVersion {
    /// What it held.
    pub stored: StoredParameter,
    /// The ARN of who wrote it.
    pub by: Option<String>,
    /// Labels on this version.
    pub labels: Vec<String>,
}

/// What is written.
#[derive(Clone, Copy, Debug)]
pub struct NewParameter<'a> {
    /// Its name.
    pub name: &'a str,
    /// The text that it shall hold.
    pub value: &'a str,
    /// Its type.
    pub kind: ParameterKind,
    /// The KMS key of a `SecureString`; `None` is the account's `aws/ssm`.
    pub key: Option<&'a str>,
    /// Its tier; `None` is the account's default.
    pub tier: Option<ParameterTier>,
    /// What SSM shows beside it.
    pub description: Option<&'a str>,
    /// Replace the one that is there.
    pub overwrite: bool,
}

/// What writing came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It is written.
    Written {
        /// The new version.
        version: i64,
    },
    /// There is one, and it was not to be replaced.
    Exists,
}

impl Aws {
    /// The parameters of a region; `None` is the region that the process is configured for.
    pub async fn parameter_store(&self, region: Option<&str>) -> Result<ParameterStore, AwsError> {
        let region = self.region_for(GET, region).await?;
        Ok(ParameterStore {
            aws: self.clone(),
            client: client!(self, aws_sdk_ssm, &region),
            region,
        })
    }
}

impl ParameterStore {
    /// The region.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// A parameter, or `None` where there is none.
    pub async fn get(
        &self,
        name: &str,
        decrypt: bool,
    ) -> Result<Option<StoredParameter>, AwsError> {
        let request = self
            .client
            .get_parameter()
            .name(name)
            .with_decryption(decrypt);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => {
                let missing = error
                    .as_service_error()
                    .is_some_and(GetParameterError::is_parameter_not_found);
                if missing {
                    return Ok(None);
                }
                return Err(self.aws.failed(GET, &self.region, error).await);
            }
        };
        let Some(found) = answer.parameter() else {
            let problem = "there is no parameter in it";
            return Err(AwsError::invalid(GET, &self.region, problem));
        };
        Ok(Some(StoredParameter {
            value: Secret::new(found.value().unwrap_or_default()),
            kind: kind(found.r#type()),
            version: found.version(),
            modified: found.last_modified_date().and_then(time),
        }))
    }

    /// Writes a parameter.
    pub async fn put(&self, new: &NewParameter<'_>) -> Result<Put, AwsError> {
        let request = self
            .client
            .put_parameter()
            .name(new.name)
            .value(new.value)
            .r#type(match new.kind {
                ParameterKind::String => ParameterType::String,
                ParameterKind::SecureString => ParameterType::SecureString,
            })
            .set_key_id(new.key.map(str::to_owned))
            .set_tier(new.tier.map(|tier| match tier {
                ParameterTier::Standard => SdkTier::Standard,
                ParameterTier::Advanced => SdkTier::Advanced,
                ParameterTier::IntelligentTiering => SdkTier::IntelligentTiering,
            }))
            .set_description(new.description.map(str::to_owned))
            .overwrite(new.overwrite);
        match request.send().await {
            Ok(answer) => Ok(Put::Written {
                version: answer.version(),
            }),
            Err(error) => {
                let exists = error
                    .as_service_error()
                    .is_some_and(PutParameterError::is_parameter_already_exists);
                if exists {
                    return Ok(Put::Exists);
                }
                Err(self.aws.failed(PUT, &self.region, error).await)
            }
        }
    }

    /// Every version that SSM still keeps, newest first: the last 100.
    pub async fn history(
        &self,
        name: &str,
        decrypt: bool,
    ) -> Result<Vec<ParameterVersion>, AwsError> {
        let mut versions = Vec::new();
        let mut pages = Pages::of(HISTORY, &self.region);
        loop {
            let request = self
                .client
                .get_parameter_history()
                .name(name)
                .with_decryption(decrypt)
                .max_results(PAGE)
                .set_next_token(pages.token());
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => return Err(self.aws.failed(HISTORY, &self.region, error).await),
            };
            if answer.parameters.is_none() {
                let problem = "the answer has no Parameters";
                return Err(AwsError::invalid(HISTORY, &self.region, problem));
            }
            let page = answer.parameters().iter().map(|found| ParameterVersion {
                stored: StoredParameter {
                    value: Secret::new(found.value().unwrap_or_default()),
                    kind: kind(found.r#type()),
                    version: found.version(),
                    modified: found.last_modified_date().and_then(time),
                },
                by: found.last_modified_user().map(str::to_owned),
                labels: found.labels().to_vec(),
            });
            versions.extend(page);
            if !pages.turn(answer.next_token())? {
                break;
            }
        }
        versions.sort_by_key(|version| std::cmp::Reverse(version.stored.version));
        Ok(versions)
    }
}

fn kind(found: Option<&ParameterType>) -> String {
    found.map_or("String", ParameterType::as_str).to_owned()
}

/// A time of AWS's as one of ours.
pub(super) fn time(time: &DateTime) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_nanosecond(time.as_nanos()).ok()
}
