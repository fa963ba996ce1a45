//! A policy as Terraform's `aws_iam_policy_document`, to be used by a role of the user's.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::policy::Policy;

/// The data source `launchway`.
pub fn terraform(policy: &Policy) -> String {
    let mut text = "data \"aws_iam_policy_document\" \"launchway\" {\n".to_owned();
    for (index, statement) in policy.statements.iter().enumerate() {
        let gap = if index > 0 { "\n" } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{gap}  statement {{");
        let _ = writeln!(text, "    sid       = {}", quoted(&statement.sid));
        let actions = statement.actions.iter().map(|action| quoted(action));
        let actions: Vec<String> = actions.collect();
        let _ = writeln!(text, "    actions   = {}", list(&actions, 4));
        let resources = statement.resources.iter().map(|arn| quoted(arn));
        let resources: Vec<String> = resources.collect();
        let _ = writeln!(text, "    resources = {}", list(&resources, 4));
        for (operator, keys) in &statement.conditions {
            for (key, values) in keys {
                let values: BTreeSet<String> = values.iter().map(|value| quoted(value)).collect();
                let values: Vec<String> = values.into_iter().collect();
                let _ = writeln!(text, "\n    condition {{");
                let _ = writeln!(text, "      test     = {}", quoted(operator));
                let _ = writeln!(text, "      variable = {}", quoted(key));
                let _ = writeln!(text, "      values   = {}", list(&values, 6));
                let _ = writeln!(text, "    }}");
            }
        }
        let _ = writeln!(text, "  }}");
    }
    text.push_str("}\n");
    text
}

/// One on the line, several each on their own.
fn list(items: &[String], indent: usize) -> String {
    if let [only] = items {
        return format!("[{only}]");
    }
    let items = items.iter();
    let lines: String = items
        .map(|item| format!("{:indent$}  {item},\n", ""))
        .collect();
    format!("[\n{lines}{:indent$}]", "")
}

/// A string of HCL: what would be a template in it is not.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    let text = text.replace("${", "$${").replace("%{", "%%{");
    format!("\"{text}\"")
}
