//! The metadata file: buildx's shape, so that `jq '.app["containerimage.digest"]'` keeps working,
//! with our own members under one key.

use serde_json::{Map, Value, json};

use super::record::Record;

/// The key of our own members in each target's object.
pub const OWN_KEY: &str = "launchway";

/// The metadata of a run, by target.
///
/// `containerimage.descriptor`, `containerimage.digest` and `image.name` are buildx's (`docker
/// buildx bake --metadata-file`); `containerimage.config.digest` stands there for a single
/// platform, as in buildx.
pub fn metadata(record: &Record) -> Value {
    let mut targets = Map::new();
    for (target, image) in &record.images {
        let names: Vec<String> = image
            .tags
            .iter()
            .map(|tag| format!("{}:{tag}", image.repository))
            .collect();
        let mut members = Map::new();
        if let Some(config) = image
            .platforms
            .values()
            .next()
            .and_then(|one| one.config)
            .filter(|_| image.platforms.len() == 1)
        {
            members.insert("containerimage.config.digest".to_owned(), json!(config));
        }
        members.insert(
            "containerimage.descriptor".to_owned(),
            json!({"mediaType": image.media_type, "digest": image.digest, "size": image.size}),
        );
        members.insert("containerimage.digest".to_owned(), json!(image.digest));
        members.insert("image.name".to_owned(), json!(names.join(",")));
        let platforms: Map<String, Value> = image
            .platforms
            .iter()
            .map(|(platform, one)| {
                let mut members = Map::from_iter([("manifest".to_owned(), json!(one.manifest))]);
                if let Some(config) = one.config {
                    members.insert("config".to_owned(), json!(config));
                }
                (platform.to_string(), Value::Object(members))
            })
            .collect();
        members.insert(
            OWN_KEY.to_owned(),
            json!({
                "changed": image.changed,
                "reference": image.reference,
                "platforms": platforms,
            }),
        );
        targets.insert(target.clone(), Value::Object(members));
    }
    Value::Object(targets)
}
