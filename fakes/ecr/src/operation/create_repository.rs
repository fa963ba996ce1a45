//! `CreateRepository`: an empty one, in the account and region of the call.

use serde_json::{Map, Value, json};

use super::describe_repositories::describe;
use crate::clock;
use crate::error::ApiError;
use crate::repository::{RepositoryState, Settings};
use crate::world::{Caller, World};

pub(super) fn answer(world: &mut World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Map<String, Value> = super::parse(body)?;
    let text = |member: &str| request.get(member).and_then(Value::as_str);
    let account = World::account(caller, text("registryId"))?;
    let name = text("repositoryName").unwrap_or_default();
    if !is_name(name) {
        let constraint = "Member must be a repository name of 2 to 256 characters";
        return Err(ApiError::constraint("repositoryName", constraint));
    }
    let mutability = text("imageTagMutability").unwrap_or("MUTABLE");
    let (immutable, excluding) = match mutability {
        "MUTABLE" => (false, false),
        "IMMUTABLE" => (true, false),
        "MUTABLE_WITH_EXCLUSION" => (false, true),
        "IMMUTABLE_WITH_EXCLUSION" => (true, true),
        _ => {
            let constraint = "Member must satisfy enum value set: [IMMUTABLE_WITH_EXCLUSION, \
                              MUTABLE, IMMUTABLE, MUTABLE_WITH_EXCLUSION]";
            return Err(ApiError::constraint("imageTagMutability", constraint));
        }
    };
    let filters = request.get("imageTagMutabilityExclusionFilters");
    let filters = filters.and_then(Value::as_array);
    let exclusions: Vec<String> = filters
        .into_iter()
        .flatten()
        .filter_map(|filter| filter.get("filter")?.as_str())
        .map(str::to_owned)
        .collect();
    let allowed = if excluding { 1..=5 } else { 0..=0 };
    if !allowed.contains(&exclusions.len()) {
        return Err(ApiError::invalid(
            "Invalid parameter at 'imageTagMutabilityExclusionFilters': 1 to 5 filters go with a \
             mutability with exclusion, and only with one",
        ));
    }
    let registry = world.registry_mut(&caller.region, account);
    if registry.contains_key(name) {
        let message = format!(
            "The repository with name '{name}' already exists in the registry with id '{account}'"
        );
        return Err(ApiError::new("RepositoryAlreadyExistsException", message));
    }
    let told = ["imageScanningConfiguration", "encryptionConfiguration"]
        .into_iter()
        .filter_map(|member| Some((member.to_owned(), request.get(member)?.clone())));
    let repository = RepositoryState::new(Settings {
        created: clock::now(),
        immutable,
        exclusions,
        lifecycle_policy: None,
        told: told.collect(),
    });
    let answer = json!({ "repository": describe(&caller.region, account, name, &repository) });
    registry.insert(name.to_owned(), repository);
    super::write(&answer)
}

/// Whether a text can be a repository's name: words of lower-case letters and digits, joined by single `.`,
/// `_`, `-` or `/`.
fn is_name(text: &str) -> bool {
    let words = text.split(['.', '_', '-', '/']);
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (2..=256).contains(&text.len())
        && words
            .into_iter()
            .all(|word| !word.is_empty() && word.bytes().all(lower))
}
