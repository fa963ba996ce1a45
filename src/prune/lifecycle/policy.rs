//! The policy's text as rules, and which images a rule is about.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

use crate::prune::ImagePlan;

/// A lifecycle policy, its rules in the order in which they are applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LifecyclePolicy {
    pub(super) rules: Vec<Rule>,
}

/// A text that is no lifecycle policy as this version knows them.
#[derive(Debug, thiserror::Error)]
pub enum BadLifecyclePolicy {
    /// Not JSON, or not of the form.
    #[error("the lifecycle policy cannot be read")]
    Form(#[from] serde_json::Error),
    /// A rule that ECR would not take.
    #[error("rule {priority} of the lifecycle policy {problem}")]
    Rule {
        /// Its `rulePriority`.
        priority: u32,
        /// What is wrong: `selects no tags`.
        problem: &'static str,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// `rulePriority`: lower ones are applied first.
    pub(super) priority: u32,
    pub(super) tags: Tags,
    /// It is about archived images; otherwise about all others.
    pub(super) archived: bool,
    pub(super) limit: Limit,
    pub(super) action: Action,
}

/// Which tags an image must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tags {
    Any,
    Untagged,
    /// For each of these, a tag that begins so.
    Prefixes(Vec<String>),
    /// For each of these, a tag that matches; `*` is the only sign.
    Patterns(Vec<String>),
}

/// Which of those images go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// All but the newest.
    MoreThan(u64),
    /// Those whose push is so many days ago.
    Pushed(u32),
    /// Those whose last pull, or else push, is so many days ago.
    Pulled(u32),
    /// Those that were archived so many days ago.
    Transitioned(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Expire,
    Archive,
}

#[derive(Deserialize)]
struct Document {
    rules: Vec<DocumentRule>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DocumentRule {
    rule_priority: u32,
    selection: Selection,
    action: DocumentAction,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    tag_status: TagStatus,
    #[serde(default)]
    tag_prefix_list: Vec<String>,
    #[serde(default)]
    tag_pattern_list: Vec<String>,
    #[serde(default)]
    storage_class: StorageClass,
    count_type: CountType,
    count_unit: Option<CountUnit>,
    count_number: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum TagStatus {
    Tagged,
    Untagged,
    Any,
}

#[derive(Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum StorageClass {
    #[default]
    Standard,
    Archive,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum CountType {
    ImageCountMoreThan,
    SinceImagePushed,
    SinceImagePulled,
    SinceImageTransitioned,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum CountUnit {
    Days,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase", tag = "type")]
enum DocumentAction {
    Expire,
    /// `targetStorageClass` can only be the archive.
    Transition,
}

impl FromStr for LifecyclePolicy {
    type Err = BadLifecyclePolicy;

    fn from_str(text: &str) -> Result<Self, BadLifecyclePolicy> {
        let document: Document = serde_json::from_str(text)?;
        let rules = document.rules.into_iter().map(rule);
        let mut rules = rules.collect::<Result<Vec<Rule>, _>>()?;
        rules.sort_by_key(|rule| rule.priority);
        let twin = rules
            .windows(2)
            .find(|pair| pair[0].priority == pair[1].priority);
        if let Some([twin, _]) = twin {
            return Err(BadLifecyclePolicy::Rule {
                priority: twin.priority,
                problem: "is there twice",
            });
        }
        Ok(Self { rules })
    }
}

fn rule(rule: DocumentRule) -> Result<Rule, BadLifecyclePolicy> {
    let DocumentRule {
        rule_priority: priority,
        selection,
        action,
    } = rule;
    let bad = |problem| BadLifecyclePolicy::Rule { priority, problem };
    let lists = (selection.tag_prefix_list, selection.tag_pattern_list);
    let tags = match (selection.tag_status, lists) {
        (TagStatus::Any, _) => Tags::Any,
        (TagStatus::Untagged, _) => Tags::Untagged,
        (TagStatus::Tagged, (prefixes, patterns)) => {
            match (prefixes.is_empty(), patterns.is_empty()) {
                (true, true) => return Err(bad("selects no tags")),
                (false, true) => Tags::Prefixes(prefixes),
                (true, false) => Tags::Patterns(patterns),
                (false, false) => return Err(bad("selects by prefixes and patterns at once")),
            }
        }
    };
    let number = selection.count_number;
    if number == 0 {
        return Err(bad("counts to 0"));
    }
    let days = || match selection.count_unit {
        Some(CountUnit::Days) => Ok(number),
        None => Err(bad("has no countUnit")),
    };
    Ok(Rule {
        priority,
        tags,
        archived: selection.storage_class == StorageClass::Archive,
        limit: match selection.count_type {
            CountType::ImageCountMoreThan => Limit::MoreThan(u64::from(number)),
            CountType::SinceImagePushed => Limit::Pushed(days()?),
            CountType::SinceImagePulled => Limit::Pulled(days()?),
            CountType::SinceImageTransitioned => Limit::Transitioned(days()?),
        },
        action: match action {
            DocumentAction::Expire => Action::Expire,
            DocumentAction::Transition => Action::Archive,
        },
    })
}

impl Rule {
    /// Whether the rule is about an image, old or young.
    pub(super) fn selects(&self, image: &ImagePlan) -> bool {
        let tags = &image.tags;
        self.archived == image.archived
            && match &self.tags {
                Tags::Any => true,
                Tags::Untagged => tags.is_empty(),
                // All of them: an image with one of two prefixes is not selected.
                Tags::Prefixes(prefixes) => prefixes
                    .iter()
                    .all(|prefix| tags.iter().any(|tag| tag.starts_with(prefix.as_str()))),
                Tags::Patterns(patterns) => patterns
                    .iter()
                    .all(|pattern| tags.iter().any(|tag| matches(pattern, tag))),
            }
    }
}

/// Whether a whole tag matches a pattern whose only sign is `*`.
fn matches(pattern: &str, tag: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = tag.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    // The leftmost place of each leaves the most for what follows.
    for part in middle {
        let Some(place) = rest.find(part) else {
            return false;
        };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

impl fmt::Display for Rule {
    /// `rule 2 (expires tags prod* pushed 30 days ago)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = match self.action {
            Action::Expire => "expires",
            Action::Archive => "archives",
        };
        write!(f, "rule {} ({verb} ", self.priority)?;
        match &self.tags {
            Tags::Any => f.write_str("images")?,
            Tags::Untagged => f.write_str("untagged images")?,
            Tags::Prefixes(prefixes) => {
                let prefixes: Vec<String> =
                    prefixes.iter().map(|prefix| format!("{prefix}*")).collect();
                write!(f, "images tagged {}", prefixes.join(" and "))?;
            }
            Tags::Patterns(patterns) => write!(f, "images tagged {}", patterns.join(" and "))?,
        }
        if self.archived {
            f.write_str(" in the archive")?;
        }
        match self.limit {
            Limit::MoreThan(number) => write!(f, " beyond the newest {number})"),
            Limit::Pushed(days) => write!(f, " {days} days after their push)"),
            Limit::Pulled(days) => write!(f, " {days} days after their last pull)"),
            Limit::Transitioned(days) => write!(f, " {days} days after they were archived)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, tag, expected) in [
            ("prod", "prod", true),
            ("prod", "prod1", false),
            ("prod*", "prod", true),
            ("prod*", "prod-1", true),
            ("*test*1*", "a-test-21-x", true),
            ("*test*1*", "a-test-2", false),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*bc*c", "abcc", true),
            ("a*bc*c", "abc", false),
            ("*", "", true),
            ("v?", "v1", false),
            ("v[0-9]", "v1", false),
        ] {
            assert_eq!(matches(pattern, tag), expected, "{pattern} {tag}");
        }
    }

    #[test]
    fn what_ecr_would_not_take_is_an_error() {
        let rule = |selection: &str| {
            let text = format!(
                r#"{{"rules":[{{"rulePriority":3,"selection":{{{selection}}},"action":{{"type":"expire"}}}}]}}"#
            );
            text.parse::<LifecyclePolicy>()
        };
        let count = r#""countType":"imageCountMoreThan","countNumber":1"#;
        assert!(rule(&format!(r#""tagStatus":"any",{count}"#)).is_ok());
        for (selection, says) in [
            (
                format!(r#""tagStatus":"tagged",{count}"#),
                "selects no tags",
            ),
            (
                format!(
                    r#""tagStatus":"tagged","tagPrefixList":["a"],"tagPatternList":["b"],{count}"#
                ),
                "at once",
            ),
            (
                r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":0"#.to_owned(),
                "counts to 0",
            ),
            (
                r#""tagStatus":"any","countType":"sinceImagePushed","countNumber":1"#.to_owned(),
                "no countUnit",
            ),
            (format!(r#""tagStatus":"some",{count}"#), "cannot be read"),
            (
                r#""tagStatus":"any","countType":"sinceNoon","countNumber":1"#.to_owned(),
                "cannot be read",
            ),
            (
                r#""tagStatus":"any","countType":"imageCountMoreThan","countNumber":-1"#.to_owned(),
                "cannot be read",
            ),
        ] {
            let error = rule(&selection).unwrap_err().to_string();
            assert!(error.contains(says), "{selection}: {error}");
        }
        assert!("nonsense".parse::<LifecyclePolicy>().is_err());
        assert!("{}".parse::<LifecyclePolicy>().is_err());
    }
}
