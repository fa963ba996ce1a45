//! Which repositories a registry of ECR has, and their lifecycle policies.

use super::ecr_images::IDS;
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
        let mut token: Option<String> = None;
        loop {
            let request = self
                .client
                .describe_repositories()
                .max_results(PAGE)
                .set_next_token(token.clone());
            let send = || request.clone().send();
            let answer = self.aws.paced(LIST, &self.region, send).await?;
            self.take(&mut found, answer.repositories())?;
            let next = answer.next_token.filter(|token| !token.is_empty());
            if next.is_some() && next == token {
                let problem = "its pages go round in a circle: a token came twice";
                return Err(AwsError::invalid(LIST, &self.region, problem));
            }
            token = next;
            if token.is_none() {
                return Ok(found);
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
            Ok(answer) => Ok(answer.lifecycle_policy_text),
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
