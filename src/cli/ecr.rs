//! ECR repositories that are missing, made when the `release` block asks for it.

use std::error::Error;

use futures::future::BoxFuture;

use crate::aws::{Aws, Creation, parse_ecr_host};
use crate::registry::Repository;
use crate::release::RepositoryCreator;

/// Creates ECR repositories. Other registries make a repository when something is pushed to it.
#[derive(Clone, Debug)]
pub(super) struct EcrRepositories(pub(super) Aws);

impl RepositoryCreator for EcrRepositories {
    fn ensure<'a>(
        &'a self,
        repository: &'a Repository,
    ) -> BoxFuture<'a, Result<bool, Box<dyn Error + Send + Sync>>> {
        Box::pin(async move {
            let Some(host) = parse_ecr_host(repository.host()) else {
                return Ok(false);
            };
            // Asked first: a role that may push often may not create.
            if self
                .0
                .ecr_repository_exists(&host, repository.path())
                .await?
            {
                return Ok(false);
            }
            let created = self
                .0
                .create_ecr_repository(&host, repository.path())
                .await?;
            Ok(created == Creation::Created)
        })
    }
}
