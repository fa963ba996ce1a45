//! Which placeholder stands for an image that runs: that of the target which is pushed there.
//!
//! Targets may share a repository. Then the tag tells them apart, or nothing does: an image by digest
//! alone could be any of them, and the user has to say.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::parse_ecr_host;
use crate::registry::{Reference, Repository};

/// Placeholders by the repositories that their targets are pushed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping(BTreeMap<String, Vec<Candidate>>);

/// A target of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    target: String,
    placeholder: String,
    tags: BTreeSet<String>,
}

/// What stands for an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match {
    /// No target is pushed to its repository.
    None,
    /// This placeholder does.
    One(String),
    /// Any of these could, in the order of their names.
    Several(Vec<String>),
}

impl Mapping {
    /// Adds a placeholder, with its target and the references that the target is pushed to. Of two
    /// placeholders for one target the first stands for it.
    pub fn add<'a>(
        &mut self,
        placeholder: &str,
        target: &str,
        pushed: impl IntoIterator<Item = &'a str>,
    ) {
        for text in pushed {
            let Ok(reference) = text.parse::<Reference>() else {
                continue;
            };
            let candidates = self.0.entry(key(reference.repository())).or_default();
            let index = candidates.iter().position(|one| one.target == target);
            let index = index.unwrap_or_else(|| {
                candidates.push(Candidate {
                    target: target.to_owned(),
                    placeholder: placeholder.to_owned(),
                    tags: BTreeSet::new(),
                });
                candidates.len() - 1
            });
            candidates[index].tags.extend(tag(&reference));
        }
    }

    /// What stands for the image of a container.
    pub fn find(&self, image: &str) -> Match {
        let Ok(reference) = image.parse::<Reference>() else {
            return Match::None;
        };
        let candidates = match self.0.get(&key(reference.repository())).map(Vec::as_slice) {
            None => return Match::None,
            Some([only]) => return Match::One(only.placeholder.clone()),
            Some(candidates) => candidates,
        };
        let tag = tag(&reference);
        let tagged = candidates
            .iter()
            .filter(|one| tag.as_ref().is_some_and(|tag| one.tags.contains(tag)));
        if let [only] = tagged.collect::<Vec<_>>().as_slice() {
            return Match::One(only.placeholder.clone());
        }
        // Also when no tag is known: it may be that of another release.
        let names: BTreeSet<&String> = candidates.iter().map(|one| &one.placeholder).collect();
        Match::Several(names.into_iter().cloned().collect())
    }

    /// Every repository with each of its placeholders.
    pub fn placeholders(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(repository, candidates)| {
            let names = candidates.iter().map(|one| one.placeholder.as_str());
            names.map(|name| (repository.as_str(), name))
        })
    }
}

/// The tag that an image is pulled by, were there no digest.
fn tag(reference: &Reference) -> Option<String> {
    match (reference.tag(), reference.digest()) {
        (Some(tag), _) => Some(tag.to_string()),
        (None, Some(_)) => None,
        (None, None) => Some("latest".to_owned()),
    }
}

/// The repository in one form: an ECR registry has several host names.
fn key(repository: &Repository) -> String {
    match parse_ecr_host(repository.host()) {
        Some(ecr) => format!("{}/{}/{}", ecr.account, ecr.region, repository.path()),
        None => repository.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(placeholder: &str) -> Match {
        Match::One(placeholder.to_owned())
    }

    #[test]
    fn all_host_names_of_a_registry_are_one() {
        let mut mapping = Mapping::default();
        let pushed = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web:1";
        mapping.add("IMAGE", "web", [pushed]);
        let digest = format!("sha256:{}", "0".repeat(64));
        for image in [
            pushed.to_owned(),
            "123456789012.dkr-ecr.eu-west-1.on.aws/shop/web".to_owned(),
            format!("123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com/shop/web:1@{digest}"),
        ] {
            assert_eq!(mapping.find(&image), one("IMAGE"), "{image}");
        }
        for image in [
            "123456789012.dkr.ecr.eu-west-2.amazonaws.com/shop/web",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/other",
            "<IMAGE>",
        ] {
            assert_eq!(mapping.find(image), Match::None, "{image}");
        }
    }

    #[test]
    fn targets_of_one_repository_are_told_apart_by_their_tags() {
        let mut mapping = Mapping::default();
        mapping.add(
            "IMAGE_RP",
            "rp",
            ["r.example/shop:rp", "r.example/shop:same"],
        );
        mapping.add(
            "IMAGE_WEB",
            "web",
            ["r.example/shop", "r.example/shop:same"],
        );
        // Another name for the same image.
        mapping.add("IMAGE_X", "web", ["r.example/shop:web"]);
        let digest = format!("sha256:{}", "0".repeat(64));
        let both = Match::Several(vec!["IMAGE_RP".to_owned(), "IMAGE_WEB".to_owned()]);
        for (image, expected) in [
            ("r.example/shop:rp".to_owned(), one("IMAGE_RP")),
            (format!("r.example/shop:rp@{digest}"), one("IMAGE_RP")),
            ("r.example/shop".to_owned(), one("IMAGE_WEB")),
            ("r.example/shop:web".to_owned(), one("IMAGE_WEB")),
            ("r.example/shop:same".to_owned(), both.clone()),
            ("r.example/shop:v1".to_owned(), both.clone()),
            (format!("r.example/shop@{digest}"), both),
        ] {
            assert_eq!(mapping.find(&image), expected, "{image}");
        }
        let placeholders: Vec<_> = mapping.placeholders().map(|(_, name)| name).collect();
        assert_eq!(placeholders, ["IMAGE_RP", "IMAGE_WEB"]);
    }
}
