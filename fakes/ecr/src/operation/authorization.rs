//! `GetAuthorizationToken`: a made-up login for the caller's registry, of twelve hours.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::clock;
use crate::error::ApiError;
use crate::world::Caller;

const LIFE: f64 = 12.0 * 3600.0;

pub(super) fn answer(caller: &Caller, body: &[u8]) -> Result<Vec<u8>, ApiError> {
    let _: Value = super::parse(body)?;
    let (account, region) = (&caller.account, &caller.region);
    super::write(&json!({ "authorizationData": [{
        "authorizationToken": STANDARD.encode(format!("AWS:{account}-password")),
        "expiresAt": clock::now() + LIFE,
        "proxyEndpoint": format!("https://{account}.dkr.ecr.{region}.amazonaws.com"),
    }] }))
}
