//! `GetLifecyclePolicy`: the JSON that a test set. The fake never expires anything by it.

use serde_json::{Value, json};

use crate::error::ApiError;
use crate::world::{Caller, World};

pub(super) fn answer(world: &World, caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let request: Value = super::parse(body)?;
    let text = |member: &str| request.get(member).and_then(Value::as_str);
    let account = World::account(caller, text("registryId"))?;
    let name = text("repositoryName").unwrap_or_default();
    let repository = world.repository(&caller.region, account, name)?;
    let Some(policy) = &repository.settings.lifecycle_policy else {
        let message = format!(
            "Lifecycle policy does not exist for the repository with name '{name}' in the registry \
             with id '{account}'"
        );
        return Err(ApiError::new("LifecyclePolicyNotFoundException", message));
    };
    super::write(&json!({
        "registryId": account,
        "repositoryName": name,
        "lifecyclePolicyText": policy,
        "lastEvaluatedAt": repository.settings.created,
    }))
}
