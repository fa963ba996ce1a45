//! A plan that was saved, read back: only what an apply may use of it.
//!
//! It is a limit, and no permission. An apply plans again and removes what both plans name, so that a file that was
//! edited, or that is old, can only ever make the set smaller.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::SCHEMA;
use crate::image::Digest;
use crate::prune::{
    EcrRepository, ImagePlan, KeepReason, Kind, Plan, RepositoryPlan, Sizes, Totals, Verdict,
};

/// What a saved plan would remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedPlan {
    /// When it was made.
    pub created_at: Timestamp,
    /// By repository. One that is not here is not touched.
    pub repositories: BTreeMap<EcrRepository, SavedRepository>,
}

/// What a saved plan would remove from one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SavedRepository {
    /// Images were to be archived, not deleted.
    pub archive: bool,
    /// The images that go.
    pub remove: BTreeSet<Digest>,
    /// Tags that go from images that are kept.
    pub untag: BTreeSet<(Digest, String)>,
}

/// A file that cannot be applied.
#[derive(Debug, thiserror::Error)]
pub enum SavedPlanError {
    /// It cannot be read.
    #[error("cannot read the plan {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no JSON, or not of the form that this version writes.
    #[error("{}:{line}:{column}: {problem}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Counted from 1, in bytes.
        column: usize,
        /// What is wrong.
        problem: String,
    },
}

impl SavedPlan {
    /// Reads a file.
    ///
    /// # Errors
    /// A file that is not there, no JSON, of another schema, or in which a repository, a digest or a verdict
    /// cannot be read, or a repository or an image is there twice.
    pub fn read(path: &Path) -> Result<Self, SavedPlanError> {
        let file = File::open(path).map_err(|source| SavedPlanError::Io {
            path: path.to_owned(),
            source,
        })?;
        Self::from_reader(BufReader::new(file), path)
    }

    /// The plan that an apply is limited by: what goes, and nothing of why.
    pub fn into_plan(self) -> Plan {
        let repositories = self.repositories.into_iter();
        Plan {
            created_at: self.created_at,
            repositories: repositories
                .filter(|(_, saved)| !(saved.remove.is_empty() && saved.untag.is_empty()))
                .map(|(repository, saved)| saved.into_plan(repository))
                .collect(),
            refusals: Vec::new(),
            sources: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Reads a file's contents; `path` is for errors.
    fn from_reader(reader: impl Read, path: &Path) -> Result<Self, SavedPlanError> {
        let read: Form = serde_json::from_reader(reader).map_err(|error| {
            if error.is_io() {
                return SavedPlanError::Io {
                    path: path.to_owned(),
                    source: error.into(),
                };
            }
            SavedPlanError::Form {
                path: path.to_owned(),
                line: error.line(),
                column: error.column(),
                problem: without_place(&error),
            }
        })?;
        Ok(Self {
            created_at: read.created_at,
            repositories: read.repositories.0,
        })
    }
}

impl SavedRepository {
    fn into_plan(self, repository: EcrRepository) -> RepositoryPlan {
        let removed = Totals {
            manifests: self.remove.len() as u64,
            ..Totals::default()
        };
        let sizes = Sizes {
            removed,
            tags: self.untag.len() as u64,
            ..Sizes::default()
        };
        let mut untag: BTreeMap<Digest, Vec<String>> = BTreeMap::new();
        for (digest, tag) in self.untag {
            untag.entry(digest).or_default().push(tag);
        }
        let images = untag.into_iter().map(|(digest, untag)| ImagePlan {
            digest,
            kind: Kind::Unknown,
            archived: false,
            tags: untag.clone(),
            size: None,
            pushed_at: None,
            pulled_at: None,
            verdict: Verdict::Keep(vec![KeepReason::NoRule]),
            untag,
        });
        let wave: Vec<Digest> = self.remove.into_iter().collect();
        RepositoryPlan {
            repository,
            archive: self.archive,
            images: images.collect(),
            // Their order is found out when the repository is read again.
            waves: if wave.is_empty() {
                Vec::new()
            } else {
                vec![wave]
            },
            refusals: Vec::new(),
            warnings: Vec::new(),
            sizes,
        }
    }
}

/// `serde_json` puts the place behind its message, where we have it in front.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    text.strip_suffix(&place).unwrap_or(&text).to_owned()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Form {
    /// First in every file that we write, so that a file of another form fails with this error.
    #[serde(rename = "schema", deserialize_with = "schema")]
    _schema: (),
    created_at: Timestamp,
    repositories: Repositories,
}

fn schema<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    let found = String::deserialize(deserializer)?;
    if found == SCHEMA {
        return Ok(());
    }
    Err(D::Error::custom(format!(
        "the schema is {found:?}, and this version of Launchway reads {SCHEMA:?}"
    )))
}

struct Repositories(BTreeMap<EcrRepository, SavedRepository>);

impl<'de> Deserialize<'de> for Repositories {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Repositories;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of repositories")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Repositories, A::Error> {
                let mut read = BTreeMap::new();
                while let Some(Entry { repository, saved }) = list.next_element()? {
                    let shown = repository.to_string();
                    if read.insert(repository, saved).is_some() {
                        let problem = format!("the repository {shown} is there twice");
                        return Err(A::Error::custom(problem));
                    }
                }
                Ok(Repositories(read))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// A repository of the list.
struct Entry {
    repository: EcrRepository,
    saved: SavedRepository,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Members {
            #[serde(deserialize_with = "repository")]
            repository: EcrRepository,
            action: Action,
            images: Images,
        }
        let read = Members::deserialize(deserializer)?;
        Ok(Self {
            repository: read.repository,
            saved: SavedRepository {
                archive: matches!(read.action, Action::Archive),
                remove: read.images.remove,
                untag: read.images.untag,
            },
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Action {
    Delete,
    Archive,
}

fn repository<'de, D: Deserializer<'de>>(deserializer: D) -> Result<EcrRepository, D::Error> {
    let text = String::deserialize(deserializer)?;
    let found = text
        .split_once('/')
        .and_then(|(host, path)| EcrRepository::of(host, path));
    found.ok_or_else(|| D::Error::custom(format!("{text:?} is no repository of ECR")))
}

/// The images of a repository, of which only those that lose something are kept in memory.
#[derive(Default)]
struct Images {
    remove: BTreeSet<Digest>,
    untag: BTreeSet<(Digest, String)>,
}

#[derive(Deserialize)]
struct Image {
    digest: Digest,
    verdict: Word,
    #[serde(default)]
    untag: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Word {
    Keep,
    Remove,
}

impl<'de> Deserialize<'de> for Images {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Images;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of images")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Images, A::Error> {
                let mut read = Images::default();
                // A digest that is there twice, once to go and once to stay, would leave the choice to us.
                let mut seen = BTreeSet::new();
                while let Some(image) = list.next_element::<Image>()? {
                    if !seen.insert(image.digest) {
                        let problem = format!("the image {} is there twice", image.digest);
                        return Err(A::Error::custom(problem));
                    }
                    match image.verdict {
                        Word::Remove => {
                            read.remove.insert(image.digest);
                        }
                        Word::Keep => {
                            let tags = image.untag.into_iter();
                            read.untag.extend(tags.map(|tag| (image.digest, tag)));
                        }
                    }
                }
                Ok(read)
            }
        }
        deserializer.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    const OTHER: &str = "sha256:1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    fn read(text: &str) -> Result<SavedPlan, String> {
        SavedPlan::from_reader(text.as_bytes(), Path::new("plan.json"))
            .map_err(|error| error.to_string())
    }

    fn plan(images: &str) -> String {
        format!(
            r#"{{
"schema": "launchway.prune-plan/v1",
"createdAt": "2026-01-02T03:04:05Z",
"repositories": [
{{"repository": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web", "action": "delete", "images": [
{images}
]}}
]}}"#
        )
    }

    #[test]
    fn only_what_goes_is_read() {
        let text = plan(&format!(
            r#"{{"digest": "{DIGEST}", "verdict": "remove", "tags": ["a"], "untag": ["a"], "new": {{}}}},
{{"digest": "{OTHER}", "verdict": "keep", "tags": ["b", "c"], "untag": ["c"]}}"#
        ));
        let read = read(&text).unwrap();
        let web = EcrRepository::private("123456789012", "eu-west-1", "shop/web");
        let (digest, other) = (DIGEST.parse().unwrap(), OTHER.parse().unwrap());
        assert_eq!(
            read.repositories,
            BTreeMap::from([(
                web,
                SavedRepository {
                    archive: false,
                    remove: [digest].into(),
                    untag: [(other, "c".to_owned())].into(),
                }
            )])
        );
    }

    #[test]
    fn what_cannot_be_read_is_an_error_with_its_place() {
        let image = |verdict: &str| format!(r#"{{"digest": "{DIGEST}", "verdict": "{verdict}"}}"#);
        let good = plan(&image("remove"));
        assert!(read(&good).is_ok());
        for (text, error) in [
            (
                good.replace("plan/v1", "plan/v2"),
                "plan.json:2:36: the schema is \"launchway.prune-plan/v2\", and this version of \
                 Launchway reads \"launchway.prune-plan/v1\"",
            ),
            (
                plan(&image("delete")),
                "unknown variant `delete`, expected `keep` or `remove`",
            ),
            (
                plan(&format!("{},\n{}", image("remove"), image("keep"))),
                "is there twice",
            ),
            (
                good.replace("123456789012.dkr", "example"),
                "plan.json:5:62: \"example.ecr.eu-west-1.amazonaws.com/shop/web\" is no repository of ECR",
            ),
            (good.replace("01234567", "0123456"), "plan.json:6:"),
            (
                good.replace("\"action\": \"delete\",", ""),
                "missing field `action`",
            ),
            (
                good.replace("\"schema\": \"launchway.prune-plan/v1\",\n", ""),
                "missing field `schema`",
            ),
            (good.replace("]}\n]}", "]\n]}"), "plan.json:8:1: expected"),
            (
                good.trim_end_matches('}').to_owned(),
                "EOF while parsing an object",
            ),
            (format!("{good}x"), "trailing characters"),
            (String::new(), "plan.json:1:0: EOF while parsing a value"),
        ] {
            let found = read(&text).unwrap_err();
            assert!(found.contains(error), "{found}\n{text}");
        }
    }

    #[test]
    fn a_member_that_is_there_twice_is_an_error() {
        let text = plan(&format!(
            r#"{{"digest": "{DIGEST}", "verdict": "keep", "verdict": "remove"}}"#
        ));
        assert!(read(&text).unwrap_err().contains("duplicate field"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = SavedPlan::read(Path::new("/nowhere/plan.json")).unwrap_err();
        assert_eq!(error.to_string(), "cannot read the plan /nowhere/plan.json");
    }
}
