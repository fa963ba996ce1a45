//! Secrets: parameters of the Systems Manager and secrets of the Secrets Manager.
//!
//! An answer that cannot be read is dropped whole: the SDK's error would hold it, secret and all.

use aws_sdk_ecr::error::SdkError;
use launchway_buildkit::Secret;

use super::{Aws, AwsError};

const PARAMETER: &str = "ssm:GetParameter";
const SECRET: &str = "secretsmanager:GetSecretValue";

impl Aws {
    /// The value of a parameter, decrypted. `name` may be an ARN; `region` is the process's own by
    /// default.
    pub async fn secret_parameter(
        &self,
        name: &str,
        region: Option<&str>,
    ) -> Result<Secret, AwsError> {
        let region = self.region_for(PARAMETER, region).await?;
        let client = aws_sdk_ssm::Client::new(&self.in_region(&region).await);
        let request = client.get_parameter().name(name).with_decryption(true);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(SdkError::ResponseError(_)) => {
                return Err(AwsError::invalid(PARAMETER, &region, UNREADABLE));
            }
            Err(error) => return Err(self.failed(PARAMETER, &region, error).await),
        };
        let parameter = answer.parameter.and_then(|parameter| parameter.value);
        parameter
            .map(Secret::new)
            .ok_or_else(|| AwsError::invalid(PARAMETER, &region, "there is no value in it"))
    }

    /// The text of a secret's current version. `id` is its name or ARN; `region` is the process's
    /// own by default.
    pub async fn secret_value(&self, id: &str, region: Option<&str>) -> Result<Secret, AwsError> {
        let region = self.region_for(SECRET, region).await?;
        let client = aws_sdk_secretsmanager::Client::new(&self.in_region(&region).await);
        let answer = match client.get_secret_value().secret_id(id).send().await {
            Ok(answer) => answer,
            Err(SdkError::ResponseError(_)) => {
                return Err(AwsError::invalid(SECRET, &region, UNREADABLE));
            }
            Err(error) => return Err(self.failed(SECRET, &region, error).await),
        };
        let text = answer.secret_string.map(Secret::new);
        text.ok_or_else(|| AwsError::invalid(SECRET, &region, "the secret is binary, not text"))
    }
}

const UNREADABLE: &str = "it cannot be read";
