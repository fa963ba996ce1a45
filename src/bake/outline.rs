//! What the files say, as JSON: the values of all variables, and of all attributes of our own
//! blocks. For showing and comparing; a run is made from typed settings.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::eval::{Evaluator, Scope};
use super::function::json;
use super::syntax::Body;
use super::value::Value;
use crate::config::environment::KIND;

/// See the module's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// Values of variables by name.
    pub variables: BTreeMap<String, Json>,
    /// The blocks by kind and, where they have one, name: objects of their attributes.
    /// `environment` blocks are not among them: their values are those of variables.
    pub blocks: BTreeMap<String, Json>,
}

impl Outline {
    /// An attribute that cannot be evaluated by itself, because it has names in it that only exist
    /// when it is used, is left out: what it depends on differs or not by itself.
    pub(crate) fn new(evaluator: &Evaluator<'_>) -> Self {
        let module = evaluator.module();
        let mut outline = Self::default();
        for name in module.variables.keys() {
            if let Ok(Some(value)) = evaluator.global(name) {
                outline.variables.insert(name.clone(), to_json(&value));
            }
        }
        for block in module.settings.iter().filter(|block| block.kind != KIND) {
            let attributes = members(evaluator, &block.body);
            let kind = outline.blocks.entry(block.kind.clone());
            let Json::Object(of_kind) = kind.or_insert_with(|| Json::Object(Map::new())) else {
                continue;
            };
            match block.labels.first() {
                Some(label) => {
                    of_kind.insert(label.text.clone(), Json::Object(attributes));
                }
                None => of_kind.extend(attributes),
            }
        }
        outline
    }
}

/// The attributes of a block, and the blocks in it by kind and name.
fn members(evaluator: &Evaluator<'_>, body: &Body) -> Map<String, Json> {
    let mut members = Map::new();
    for attribute in &body.attributes {
        if let Ok(value) = evaluator.evaluate(&attribute.value, &Scope::root()) {
            members.insert(attribute.name.clone(), to_json(&value));
        }
    }
    for block in &body.blocks {
        let inner = Json::Object(self::members(evaluator, &block.body));
        let kind = members.entry(block.kind.clone());
        if let Json::Object(of_kind) = kind.or_insert_with(|| Json::Object(Map::new()))
            && let Some(label) = block.labels.first()
        {
            of_kind.insert(label.text.clone(), inner);
        }
    }
    members
}

/// What cannot be held as JSON (a number of more digits than there is room for) is shown as text.
fn to_json(value: &Value) -> Json {
    let text = json::encode(value);
    serde_json::from_str(&text).unwrap_or(Json::String(text))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::bake::{Request, load};

    #[test]
    fn blocks_in_blocks_are_shown_by_kind_and_name() {
        let directory = tempfile::tempdir().unwrap();
        let text = "variable \"DAYS\" { default = 30 }\n\
                    prune {\n\
                      expire = \"${DAYS}d\"\n\
                      repository \"shop/*\" { keep_releases = DAYS / 3 }\n\
                      repository \"*\" {}\n\
                      cluster \"prod\" { rollback = 1 }\n\
                    }\n";
        std::fs::write(directory.path().join("launchway.hcl"), text).unwrap();
        let bake = load(&Request {
            directory: directory.path().to_owned(),
            targets_optional: true,
            outline: true,
            ..Request::default()
        });
        let outline = bake.unwrap().outline.unwrap();
        assert_eq!(
            outline.blocks["prune"],
            json!({
                "expire": "30d",
                "repository": { "shop/*": { "keep_releases": 10 }, "*": {} },
                "cluster": { "prod": { "rollback": 1 } },
            })
        );
    }
}
