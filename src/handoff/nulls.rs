//! Members of a task definition that are null: to AWS they are nothing, and its clients refuse them.
//!
//! Empty texts, lists and objects stay, which can mean something, and so do elements of lists, whose
//! places count.

use serde_json::Value;

use super::json::{element_path, member_path};

/// Takes out all members below `value` that are null, and returns their JSON paths.
pub(super) fn drop_nulls(value: &mut Value) -> Vec<String> {
    let mut dropped = Vec::new();
    drop_below(value, "", &mut dropped);
    dropped
}

fn drop_below(value: &mut Value, path: &str, dropped: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.retain(|key, member| {
                if member.is_null() {
                    dropped.push(member_path(path, key));
                }
                !member.is_null()
            });
            for (key, member) in members.iter_mut() {
                drop_below(member, &member_path(path, key), dropped);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter_mut().enumerate() {
                drop_below(element, &element_path(path, index), dropped);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_go_and_elements_stay() {
        let mut value = json!({"a": null, "b": [{"c": null, "d": ""}, null], "e": {}});
        assert_eq!(drop_nulls(&mut value), ["a", "b[0].c"]);
        assert_eq!(value, json!({"b": [{"d": ""}, null], "e": {}}));
    }
}
