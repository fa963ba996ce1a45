//! The operations: a file for each, from a request's JSON to an answer's.
//!
//! Member names, codes and limits are those of the service's model (API version 2015-09-21); what the model
//! does not say has its source in README.md.

mod authorization;
mod create_repository;
mod delete;
mod describe_images;
mod describe_repositories;
mod get;
mod identifier;
mod lifecycle;
mod list_images;
mod page;
mod put;
mod referrers;
mod storage;

use std::sync::{PoisonError, RwLock};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::error::ApiError;
use crate::ledger::Call;
use crate::state::Deletion;
use crate::world::{Caller, World};

/// What an operation answers, and what it did.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) body: Vec<u8>,
    pub(crate) deletions: Vec<Deletion>,
}

/// Carries out a call.
pub(crate) fn carry_out(
    world: &RwLock<World>,
    caller: &Caller,
    operation: &str,
    body: &[u8],
) -> Result<Done, ApiError> {
    let read = || world.read().unwrap_or_else(PoisonError::into_inner);
    let write = || world.write().unwrap_or_else(PoisonError::into_inner);
    let body = match operation {
        "BatchDeleteImage" => return delete::answer(&mut write(), caller, body),
        "BatchGetImage" => get::answer(&read(), caller, body)?,
        "CreateRepository" => create_repository::answer(&mut write(), caller, body)?,
        "DescribeImages" => describe_images::answer(&read(), caller, body)?,
        "DescribeRepositories" => describe_repositories::answer(&read(), caller, body)?,
        "GetAuthorizationToken" => authorization::answer(caller, body)?,
        "GetLifecyclePolicy" => lifecycle::answer(&read(), caller, body)?,
        "ListImageReferrers" => referrers::answer(&read(), caller, body)?,
        "ListImages" => list_images::answer(&read(), caller, body)?,
        "PutImage" => put::answer(&mut write(), caller, body)?,
        "UpdateImageStorageClass" => storage::answer(&mut write(), caller, body)?,
        _ => {
            let message = format!("the fake does not know {operation}");
            return Err(ApiError::new("UnknownOperationException", message));
        }
    };
    Ok(Done {
        body,
        deletions: Vec::new(),
    })
}

/// A page without entries for a call that asks for a page; its token begins where the call would have begun.
pub(crate) fn empty_page(call: &Call) -> Option<Vec<u8>> {
    let entries = match &*call.operation {
        "DescribeImages" => "imageDetails",
        "DescribeRepositories" => "repositories",
        "ListImageReferrers" => "referrers",
        "ListImages" => "imageIds",
        _ => return None,
    };
    if ["imageIds", "repositoryNames"]
        .iter()
        .any(|it| call.body.get(it).is_some())
    {
        return None;
    }
    let token = page::again(call.body.get("nextToken").and_then(Value::as_str));
    write(&json!({ entries: [], "nextToken": token })).ok()
}

/// Reads a request.
fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body)
        .map_err(|error| ApiError::new("SerializationException", error.to_string()))
}

/// Writes an answer.
fn write(answer: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(answer).map_err(|error| ApiError {
        status: 500,
        code: "ServerException".into(),
        message: error.to_string(),
    })
}
