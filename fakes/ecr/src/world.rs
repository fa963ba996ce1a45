//! Everything that the fake holds: the repositories of every account and region.

use std::collections::BTreeMap;

use crate::error::ApiError;
use crate::late::Consistency;
use crate::repository::RepositoryState;

/// Who calls, and where, as the request's signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) account: String,
    pub(crate) region: String,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    /// By account and region.
    pub(crate) registries: BTreeMap<(String, String), BTreeMap<String, RepositoryState>>,
    pub(crate) consistency: Consistency,
}

impl World {
    /// The account that a request is about: the one it names, or the caller's.
    pub(crate) fn account<'a>(
        caller: &'a Caller,
        registry_id: Option<&'a str>,
    ) -> Result<&'a str, ApiError> {
        let Some(id) = registry_id else {
            return Ok(&caller.account);
        };
        if id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(id)
        } else {
            Err(ApiError::constraint(
                "registryId",
                "Member must satisfy regular expression pattern: [0-9]{12}",
            ))
        }
    }

    /// The repositories of an account, in the caller's region.
    pub(crate) fn registry(
        &self,
        region: &str,
        account: &str,
    ) -> Option<&BTreeMap<String, RepositoryState>> {
        let key = (account.to_owned(), region.to_owned());
        self.registries.get(&key)
    }

    /// The repositories of an account and region, to which one can be added.
    pub(crate) fn registry_mut(
        &mut self,
        region: &str,
        account: &str,
    ) -> &mut BTreeMap<String, RepositoryState> {
        let key = (account.to_owned(), region.to_owned());
        self.registries.entry(key).or_default()
    }

    /// A repository that a call names.
    pub(crate) fn repository(
        &self,
        region: &str,
        account: &str,
        name: &str,
    ) -> Result<&RepositoryState, ApiError> {
        let registry = self.registry(region, account);
        let repository = registry.and_then(|registry| registry.get(name));
        repository
            .inspect(|repository| repository.called())
            .ok_or_else(|| not_found(account, name))
    }

    /// As [`World::repository`], to change it.
    pub(crate) fn repository_mut(
        &mut self,
        region: &str,
        account: &str,
        name: &str,
    ) -> Result<&mut RepositoryState, ApiError> {
        let consistency = self.consistency;
        let repository = self.registry_mut(region, account).get_mut(name);
        let repository = repository.ok_or_else(|| not_found(account, name))?;
        repository.called();
        repository.forget(consistency);
        Ok(repository)
    }
}

fn not_found(account: &str, name: &str) -> ApiError {
    let message = format!(
        "The repository with name '{name}' does not exist in the registry with id '{account}'"
    );
    ApiError::new("RepositoryNotFoundException", message)
}
