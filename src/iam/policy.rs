//! A policy document, as IAM reads it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

/// The most characters of a managed policy; IAM does not count white space.
pub const MANAGED_LIMIT: usize = 6144;

/// What may be done with what.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    /// The version of the policy language.
    version: PolicyVersion,
    /// Statements by id, sorted.
    #[serde(rename = "Statement")]
    pub statements: Vec<Statement>,
}

/// `2012-10-17`, the newest there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
enum PolicyVersion {
    #[default]
    #[serde(rename = "2012-10-17")]
    V2012,
}

/// One statement: always `Allow`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Statement {
    /// Its id: letters and digits, unique in the policy.
    pub sid: String,
    /// What it does.
    effect: Effect,
    /// Actions: `ecr:PutImage`.
    #[serde(rename = "Action")]
    pub actions: BTreeSet<&'static str>,
    /// ARNs.
    #[serde(rename = "Resource")]
    pub resources: BTreeSet<String>,
    /// Operator, then key, then values.
    #[serde(rename = "Condition", skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<&'static str, BTreeMap<&'static str, BTreeSet<String>>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
enum Effect {
    Allow,
}

impl Statement {
    /// A statement without conditions.
    pub fn new(
        sid: &str,
        actions: &[&'static str],
        resources: impl IntoIterator<Item = String>,
    ) -> Self {
        Self {
            sid: sid.to_owned(),
            effect: Effect::Allow,
            actions: actions.iter().copied().collect(),
            resources: resources.into_iter().collect(),
            conditions: BTreeMap::new(),
        }
    }

    /// With another condition.
    #[must_use]
    pub fn when(
        mut self,
        operator: &'static str,
        key: &'static str,
        values: impl IntoIterator<Item = String>,
    ) -> Self {
        let keys = self.conditions.entry(operator).or_default();
        keys.entry(key).or_default().extend(values);
        self
    }
}

impl Policy {
    /// The policy of these statements; those without resources are left out.
    pub fn new(statements: impl IntoIterator<Item = Statement>) -> Self {
        let mut statements: Vec<Statement> = statements
            .into_iter()
            .filter(|statement| !statement.resources.is_empty())
            .collect();
        statements.sort_by(|one, other| one.sid.cmp(&other.sid));
        Self {
            version: PolicyVersion::V2012,
            statements,
        }
    }

    /// The document, with two spaces of indentation and a newline at the end.
    pub fn to_json(&self) -> String {
        // Maps with text keys and plain values always serialize.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Which parts of ARNs are open because nobody said them: `region`, `account`.
    pub fn open_parts(&self) -> Vec<&'static str> {
        let arns = self.statements.iter().flat_map(|one| &one.resources);
        let parts: Vec<Vec<&str>> = arns.map(|arn| arn.split(':').collect()).collect();
        let open = |index: usize| parts.iter().any(|arn| arn.get(index) == Some(&"*"));
        let mut found = Vec::new();
        if open(3) {
            found.push("region");
        }
        if open(4) {
            found.push("account");
        }
        found
    }

    /// Its size as IAM counts it.
    pub fn size(&self) -> usize {
        let text = serde_json::to_string(self).unwrap_or_default();
        text.chars().filter(|c| !c.is_whitespace()).count()
    }
}
