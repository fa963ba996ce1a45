//! A policy as a `CloudFormation` template: one managed policy, in JSON.

use serde::Serialize;

use super::policy::Policy;

#[derive(Serialize)]
struct Template<'a> {
    #[serde(rename = "AWSTemplateFormatVersion")]
    version: &'static str,
    #[serde(rename = "Resources")]
    resources: Resources<'a>,
    #[serde(rename = "Outputs")]
    outputs: serde_json::Value,
}

#[derive(Serialize)]
struct Resources<'a> {
    #[serde(rename = "LaunchwayPolicy")]
    policy: Resource<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Resource<'a> {
    r#type: &'static str,
    properties: Properties<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Properties<'a> {
    description: &'a str,
    policy_document: &'a Policy,
}

/// The template. `description` says what the policy is for.
pub fn cloudformation(policy: &Policy, description: &str) -> String {
    let template = Template {
        version: "2010-09-09",
        resources: Resources {
            policy: Resource {
                r#type: "AWS::IAM::ManagedPolicy",
                properties: Properties {
                    description,
                    policy_document: policy,
                },
            },
        },
        outputs: serde_json::json!({
            "PolicyArn": { "Value": { "Ref": "LaunchwayPolicy" } },
        }),
    };
    // Maps with text keys and plain values always serialize.
    let mut text = serde_json::to_string_pretty(&template).unwrap_or_default();
    text.push('\n');
    text
}
