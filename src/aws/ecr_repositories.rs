//! Which repositories a registry of ECR has, and their lifecycle policies.

use super::ecr_images::IDS;
use super::pages::Pages;
use super::{AwsError, AwsErrorKind, EcrImages};

/// A repository that ECR told of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundRepository {
    /// The account whose registry it is in: `registryId`.
    pub account: String,
    /// Its name there.
    pub name: String,
}

const LIST: &str = "ecr:DescribeRepositories";
const POLICY: &str = "ecr:GetLifecyclePolicy";
/// The most that a page may hold.
const PAGE: i32 = 1000;

impl EcrImages {
    /// Every repository of the session's own registry.
    pub async fn repositories(&self) -> Result<Vec<FoundRepository>, AwsError> {
        let mut found = Vec::new();
        let mut pages = Pages::of(LIST, &self.region);
        loop {
            let request = self
                .client
                .describe_repositories()
                .max_results(PAGE)
                .set_next_token(pages.token());
            let send = || request.clone().send();
            let answer = self.aws.paced(LIST, &self.region, send).await?;
            self.take(&mut found, answer.repositories())?;
            let entries = answer.repositories().len();
            if !pages.turn_after(entries, answer.next_token())? {
                return Ok(found);
            }
        }
    }

    /// Whether the session's own registry has any repository.
    pub async fn has_repositories(&self) -> Result<bool, AwsError> {
        let mut pages = Pages::of(LIST, &self.region);
        loop {
            let request = self.client.describe_repositories().max_results(1);
            let request = request.set_next_token(pages.token());
            let send = || request.clone().send();
            let answer = self.aws.paced(LIST, &self.region, send).await?;
            if !answer.repositories().is_empty() {
                return Ok(true);
            }
            if !pages.turn_after(0, answer.next_token())? {
                return Ok(false);
            }
        }
    }

    /// The repositories of these names in the session's own registry, those that are there.
    pub async fn repositories_named(
        &self,
        names: &[String],
    ) -> Result<Vec<FoundRepository>, AwsError> {
        let mut found = Vec::new();
        let mut open: Vec<&[String]> = names.chunks(IDS).collect();
        while let Some(some) = open.pop() {
            let request = self
                .client
                .describe_repositories()
                .set_repository_names(Some(some.to_vec()));
            let send = || request.clone().send();
            match self.aws.paced(LIST, &self.region, send).await {
                Ok(answer) => self.take(&mut found, answer.repositories())?,
                // One that is missing spoils the call.
                Err(error) if error.kind == AwsErrorKind::RepositoryNotFound => {
                    if some.len() > 1 {
                        let (left, right) = some.split_at(some.len() / 2);
                        open.extend([left, right]);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// The lifecycle policy of a repository: a JSON document, as ECR has it. `None` where it has none.
    pub async fn lifecycle_policy(
        &self,
        repository: &FoundRepository,
    ) -> Result<Option<String>, AwsError> {
        let request = self
            .client
            .get_lifecycle_policy()
            .registry_id(&repository.account)
            .repository_name(&repository.name);
        let send = || request.clone().send();
        match self.aws.paced(POLICY, &self.region, send).await {
            Ok(answer) => {
                let problem = "it has no policy, and does not say that there is none";
                let none = || AwsError::invalid(POLICY, &self.region, problem);
                answer.lifecycle_policy_text.map(Some).ok_or_else(none)
            }
            Err(error) => match &error.kind {
                AwsErrorKind::NotFound { code, .. }
                    if code == "LifecyclePolicyNotFoundException" =>
                {
                    Ok(None)
                }
                _ => Err(error),
            },
        }
    }

    fn take(
        &self,
        found: &mut Vec<FoundRepository>,
        told: &[aws_sdk_ecr::types::Repository],
    ) -> Result<(), AwsError> {
        for one in told {
            let (Some(account), Some(name)) = (one.registry_id(), one.repository_name()) else {
                let problem = "a repository has no name, or no registry";
                return Err(AwsError::invalid(LIST, &self.region, problem));
            };
            found.push(FoundRepository {
                account: account.to_owned(),
                name: name.to_owned(),
            });
        }
        Ok(())
    }
}
