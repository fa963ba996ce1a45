//! All parameters below a path of SSM's Parameter Store.

use launchway_buildkit::Secret;

use super::calls::paced_client;
use super::pages::Pages;
use super::parameter::time;
use super::{Aws, AwsError, StoredParameter};

const BY_PATH: &str = "ssm:GetParametersByPath";

/// The most entries of a page.
const PAGE: i32 = 10;

impl Aws {
    /// Name and present value of every parameter below a path (`/shop/`), however deep, decrypted.
    pub async fn parameters_below(
        &self,
        region: &str,
        path: &str,
    ) -> Result<Vec<(String, StoredParameter)>, AwsError> {
        let client = paced_client!(self, aws_sdk_ssm, region);
        let mut pages = Pages::of(BY_PATH, region);
        let mut found = Vec::new();
        loop {
            let request = client.get_parameters_by_path().path(path).recursive(true);
            let request = request.with_decryption(true).max_results(PAGE);
            let request = request.set_next_token(pages.token());
            let answer = self
                .paced(BY_PATH, region, || request.clone().send())
                .await?;
            found.extend(answer.parameters().iter().map(|one| {
                let kind = one.r#type().map_or("String", |kind| kind.as_str());
                let stored = StoredParameter {
                    value: Secret::new(one.value().unwrap_or_default()),
                    kind: kind.to_owned(),
                    version: one.version(),
                    modified: one.last_modified_date().and_then(time),
                };
                (one.name().unwrap_or_default().to_owned(), stored)
            }));
            if !pages.turn(answer.next_token())? {
                return Ok(found);
            }
        }
    }
}
