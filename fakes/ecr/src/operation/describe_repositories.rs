//! `DescribeRepositories`: the repositories of a registry by name, or those that are asked for.

use std::borrow::Cow;
use std::ops::Bound;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::page::{LISTS, Page};
use crate::error::ApiError;
use crate::repository::RepositoryState;
use crate::world::{Caller, World};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow)]
    registry_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    repository_names: Option<Vec<Cow<'a, str>>>,
    #[serde(borrow)]
    next_token: Option<Cow<'a, str>>,
    max_results: Option<i64>,
}

pub(super) fn answer(world: &World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Request<'_> = super::parse(body)?;
    let account = World::account(caller, request.registry_id.as_deref())?;
    let region = &caller.region;
    let names = request.repository_names.unwrap_or_default();
    if !names.is_empty() {
        if names.len() > 100 {
            let constraint = "Member must have length less than or equal to 100";
            return Err(ApiError::constraint("repositoryNames", constraint));
        }
        if request.next_token.is_some() || request.max_results.is_some() {
            return Err(ApiError::invalid(
                "nextToken and maxResults cannot be used with repositoryNames",
            ));
        }
        let found = names.iter().map(|name| {
            let repository = world.repository(region, account, name)?;
            Ok(describe(region, account, name, repository))
        });
        let found: Vec<Value> = found.collect::<Result<_, ApiError>>()?;
        return super::write(&json!({ "repositories": found }));
    }
    let scope = format!("DescribeRepositories/{account}/{region}");
    let token = request.next_token.as_deref();
    let page = Page::new(scope, LISTS, request.max_results, token)?;
    let mut found = Vec::new();
    let mut next = None;
    if let Some(registry) = world.registry(region, account) {
        let from = page.from.as_deref();
        let from = from.map_or(Bound::Unbounded, Bound::Included);
        for (name, repository) in registry.range::<str, _>((from, Bound::Unbounded)) {
            if found.len() == page.limit {
                next = Some(page.token(name));
                break;
            }
            found.push(describe(region, account, name, repository));
        }
    }
    let mut answer = json!({ "repositories": found });
    if let Some(next) = next {
        answer["nextToken"] = next.into();
    }
    super::write(&answer)
}

/// A `Repository`.
pub(super) fn describe(
    region: &str,
    account: &str,
    name: &str,
    repository: &RepositoryState,
) -> Value {
    let settings = &repository.settings;
    let (partition, domain) = match region.split('-').next() {
        Some("cn") => ("aws-cn", "amazonaws.com.cn"),
        _ if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
        _ => ("aws", "amazonaws.com"),
    };
    let mutability = match (settings.immutable, settings.exclusions.is_empty()) {
        (false, true) => "MUTABLE",
        (true, true) => "IMMUTABLE",
        (false, false) => "MUTABLE_WITH_EXCLUSION",
        (true, false) => "IMMUTABLE_WITH_EXCLUSION",
    };
    let mut members = Map::new();
    members.insert(
        "repositoryArn".to_owned(),
        format!("arn:{partition}:ecr:{region}:{account}:repository/{name}").into(),
    );
    members.insert("registryId".to_owned(), account.into());
    members.insert("repositoryName".to_owned(), name.into());
    members.insert(
        "repositoryUri".to_owned(),
        format!("{account}.dkr.ecr.{region}.{domain}/{name}").into(),
    );
    members.insert("createdAt".to_owned(), settings.created.into());
    members.insert("imageTagMutability".to_owned(), mutability.into());
    if !settings.exclusions.is_empty() {
        let filters = settings.exclusions.iter();
        let filters: Vec<Value> = filters
            .map(|filter| json!({ "filterType": "WILDCARD", "filter": filter }))
            .collect();
        let member = "imageTagMutabilityExclusionFilters";
        members.insert(member.to_owned(), filters.into());
    }
    members.extend(settings.told.clone());
    Value::Object(members)
}
