//! Lambda functions that are container images: versions, aliases, and the image of each version.

use std::collections::BTreeSet;
use std::fmt;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::types::{AliasConfiguration, FunctionConfiguration, PackageType};

use super::calls::paced_client;
use super::pages::Pages;
use super::{Aws, AwsError, AwsErrorKind};

const FUNCTIONS: &str = "lambda:ListFunctions";
const ALIASES: &str = "lambda:ListAliases";
const VERSIONS: &str = "lambda:ListVersionsByFunction";
const FUNCTION: &str = "lambda:GetFunction";

/// The most entries of a page, of all lists of Lambda's.
const PAGE: i32 = 50;

/// The version that is not published.
pub const LATEST: &str = "$LATEST";

/// The functions of one region.
#[derive(Clone)]
pub struct Functions {
    aws: Aws,
    client: Client,
    region: String,
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Functions")
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// A function that is an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ImageFunction {
    /// Its name.
    pub name: String,
    /// Its ARN, without a version.
    pub arn: String,
}

/// What a version of a function runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FunctionImage {
    /// The image as it was given: `ImageUri`.
    pub image: Option<String>,
    /// The same by digest: `ResolvedImageUri`.
    pub resolved: Option<String>,
}

impl Aws {
    /// The functions of a region.
    pub async fn functions(&self, region: &str) -> Functions {
        Functions {
            aws: self.clone(),
            client: paced_client!(self, aws_sdk_lambda, region),
            region: region.to_owned(),
        }
    }
}

impl Functions {
    /// All functions that are images.
    pub async fn images(&self) -> Result<Vec<ImageFunction>, AwsError> {
        let mut pages = Pages::of(FUNCTIONS, &self.region);
        let mut found = Vec::new();
        loop {
            let request = self.client.list_functions().max_items(PAGE);
            let request = request.set_marker(pages.token());
            let answer = self
                .aws
                .paced(FUNCTIONS, &self.region, || request.clone().send())
                .await?;
            found.extend(answer.functions().iter().filter_map(function));
            if !pages.turn(answer.next_marker())? {
                return Ok(found);
            }
        }
    }

    /// Every version that an alias of the function sends requests to. Empty where the function is
    /// gone.
    pub async fn aliased(&self, function: &str) -> Result<BTreeSet<String>, AwsError> {
        let mut pages = Pages::of(ALIASES, &self.region);
        let mut found = BTreeSet::new();
        loop {
            let request = self.client.list_aliases().function_name(function);
            let request = request.max_items(PAGE).set_marker(pages.token());
            let answer = match self
                .aws
                .paced(ALIASES, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) => return or_gone(error, BTreeSet::new()),
            };
            found.extend(answer.aliases().iter().flat_map(versions));
            if !pages.turn(answer.next_marker())? {
                return Ok(found);
            }
        }
    }

    /// Every published version of the function. Empty where the function is gone.
    pub async fn versions(&self, function: &str) -> Result<Vec<String>, AwsError> {
        let mut pages = Pages::of(VERSIONS, &self.region);
        let mut found = Vec::new();
        loop {
            let request = self.client.list_versions_by_function();
            let request = request.function_name(function).max_items(PAGE);
            let request = request.set_marker(pages.token());
            let answer = match self
                .aws
                .paced(VERSIONS, &self.region, || request.clone().send())
                .await
            {
                Ok(answer) => answer,
                Err(error) => return or_gone(error, Vec::new()),
            };
            let versions = answer.versions().iter().filter_map(|one| one.version());
            found.extend(versions.filter(|one| *one != LATEST).map(str::to_owned));
            if !pages.turn(answer.next_marker())? {
                return Ok(found);
            }
        }
    }

    /// The image of a version, which may be [`LATEST`]. `None` where there is no such version.
    pub async fn image(
        &self,
        function: &str,
        version: &str,
    ) -> Result<Option<FunctionImage>, AwsError> {
        let request = self.client.get_function().function_name(function);
        let request = request.qualifier(version);
        let answer = match self
            .aws
            .paced(FUNCTION, &self.region, || request.clone().send())
            .await
        {
            Ok(answer) => answer,
            Err(error) => return or_gone(error, None),
        };
        let Some(code) = answer.code() else {
            let problem = "it tells nothing of the function's code";
            return Err(AwsError::invalid(FUNCTION, &self.region, problem));
        };
        Ok(Some(FunctionImage {
            image: code.image_uri().map(str::to_owned),
            resolved: code.resolved_image_uri().map(str::to_owned),
        }))
    }
}

/// What was deleted since it was listed is no failure.
fn or_gone<T>(error: AwsError, nothing: T) -> Result<T, AwsError> {
    match error.kind {
        AwsErrorKind::NotFound { .. } => Ok(nothing),
        _ => Err(error),
    }
}

fn function(one: &FunctionConfiguration) -> Option<ImageFunction> {
    // A package type that is not told is a zip file; one that is not known may be anything.
    let package = one.package_type().unwrap_or(&PackageType::Zip);
    (*package != PackageType::Zip).then(|| ImageFunction {
        name: one.function_name().unwrap_or_default().to_owned(),
        arn: one.function_arn().unwrap_or_default().to_owned(),
    })
}

fn versions(alias: &AliasConfiguration) -> impl Iterator<Item = String> {
    let weights = alias.routing_config().into_iter();
    let weights = weights.filter_map(|routing| routing.additional_version_weights());
    let versions = alias.function_version().map(str::to_owned).into_iter();
    versions.chain(weights.flat_map(|weights| weights.keys().cloned()))
}

#[cfg(test)]
mod tests {
    use aws_sdk_lambda::types::AliasRoutingConfiguration;

    use super::*;

    #[test]
    fn an_alias_may_have_two_versions() {
        let routing = AliasRoutingConfiguration::builder().additional_version_weights("4", 0.1);
        let alias = AliasConfiguration::builder().function_version("3");
        let alias = alias.routing_config(routing.build()).build();
        assert_eq!(versions(&alias).collect::<Vec<_>>(), ["3", "4"]);
    }

    #[test]
    fn functions_that_are_zip_files_have_no_image() {
        let built = |package: Option<&str>| {
            let one = FunctionConfiguration::builder().function_name("f");
            function(&one.set_package_type(package.map(PackageType::from)).build()).is_some()
        };
        assert!(built(Some("Image")));
        assert!(built(Some("Something")));
        assert!(!built(Some("Zip")));
        assert!(!built(None));
    }
}
