//! What a reader found in an archive, as JSON that Go can write too. Bytes are shown as the
//! characters U+0000 to U+00FF, since names need not be UTF-8.

use launchway_soci::Unindexable;
use launchway_soci::tar::{Contents, Member};
use serde_json::{Value, json};

/// The members and the end, or the error.
pub(crate) fn outcome(outcome: &Result<Contents, Unindexable>) -> Value {
    match outcome {
        Ok(contents) => json!({
            "members": contents.members.iter().map(member).collect::<Vec<_>>(),
            "end": contents.end,
        }),
        Err(problem) => json!({ "error": problem.to_string() }),
    }
}

fn member(member: &Member) -> Value {
    let pax = member.pax.iter();
    json!({
        "name": bytes(&member.name),
        "type": member.kind.as_str(),
        "offset": member.offset,
        "size": member.size,
        "linkname": bytes(&member.linkname),
        "mode": member.mode,
        "uid": member.uid,
        "gid": member.gid,
        "uname": bytes(&member.uname),
        "gname": bytes(&member.gname),
        "mod_time": member.mod_time,
        "devmajor": member.devmajor,
        "devminor": member.devminor,
        "pax": pax.map(|(key, value)| json!([bytes(key), bytes(value)])).collect::<Vec<_>>(),
    })
}

fn bytes(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}
