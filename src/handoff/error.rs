//! What can be wrong with a hand-off, with places in the files.

use std::fmt;
use std::path::PathBuf;

use super::ARTIFACT_LIMIT;
use super::location::Location;
use crate::exit;

/// The hand-off of one service cannot be made. Holds everything that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandoffError {
    /// The service.
    pub service: String,
    /// At least one problem, in the order of the work: images, task definition, appspec, size.
    pub problems: Vec<Problem>,
}

impl HandoffError {
    /// [`exit::CONFIGURATION`] when a file of the user is wrong, else [`exit::HANDOFF`].
    pub fn exit_code(&self) -> u8 {
        if self.problems.iter().any(Problem::is_configuration) {
            exit::CONFIGURATION
        } else {
            exit::HANDOFF
        }
    }
}

impl std::error::Error for HandoffError {}

impl fmt::Display for HandoffError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot hand off service `{}`", self.service)?;
        match self.problems.as_slice() {
            [problem] => write!(f, ": {problem}"),
            problems => problems
                .iter()
                .try_for_each(|problem| write!(f, "\n  {problem}")),
        }
    }
}

/// One thing that is wrong, or only looks so (see [`super::Handoff::warnings`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The template is not JSON.
    #[error("{location}: not valid JSON: {message}")]
    Syntax {
        /// Where the parser stopped.
        location: Location,
        /// What it expected.
        message: String,
    },
    /// An object has the same key twice.
    #[error("{location}: {} is given twice", member(.location))]
    DuplicateKey {
        /// The second one.
        location: Location,
    },
    /// A value is missing or of the wrong type.
    #[error("{location}: {message}")]
    Shape {
        /// The value, or the object in which it is missing.
        location: Location,
        /// What is wrong, in full.
        message: String,
    },
    /// An image still holds a placeholder.
    #[error(
        "{location}: {} still holds the placeholder <{placeholder}>; `images` of the service has {}",
        member(.location),
        listed(.known.iter().map(|name| format!("<{name}>")))
    )]
    UnknownPlaceholder {
        /// The placeholder in the image.
        location: Location,
        /// Its name without brackets.
        placeholder: String,
        /// The names that `images` declares.
        known: Vec<String>,
    },
    /// Text outside an image looks like an image's placeholder.
    #[error(
        "{location}: <{placeholder}> looks like an image but is not in `images`; left as it is"
    )]
    LeftPlaceholder {
        /// The placeholder.
        location: Location,
        /// Its name without brackets.
        placeholder: String,
    },
    /// An entry of `images` that the template does not use.
    #[error("`images` maps {placeholder} to target `{target}`, but {} has no <{placeholder}>", .template.display())]
    UnusedPlaceholder {
        /// The entry's key.
        placeholder: String,
        /// The entry's value.
        target: String,
        /// The template that was searched.
        template: PathBuf,
    },
    /// A key of `images` that cannot be a placeholder.
    #[error(
        "`{placeholder}` in `images` is not a placeholder's name; letters, digits, `_`, `-` and `.` are, without `<` and `>`"
    )]
    PlaceholderName {
        /// The entry's key.
        placeholder: String,
    },
    /// A service without images.
    #[error(
        "it has no `images`; map each placeholder to a target, for example images = {{ IMAGE_WEB = \"web\" }}"
    )]
    NoImages,
    /// A target that the record does not hold.
    #[error("`images` maps {placeholder} to target `{target}`, which is not in this release; it holds {}", listed(.released.iter().cloned()))]
    NotReleased {
        /// The entry's key.
        placeholder: String,
        /// The entry's value.
        target: String,
        /// The targets that the record holds.
        released: Vec<String>,
    },
    /// A role ARN with an impossible account id.
    #[error("{location}: {}: account id `{account}` in {arn} is not 12 digits", member(.location))]
    AccountId {
        /// The ARN.
        location: Location,
        /// The whole ARN.
        arn: String,
        /// What stands for the account id.
        account: String,
    },
    /// A member that describing a task definition returns and registering one refuses.
    #[error("{location}: registering a task definition refuses `{member}`; remove it")]
    RefusedMember {
        /// The member.
        location: Location,
        /// Its key.
        member: String,
    },
    /// The appspec does not name the task definition.
    #[error("{}: has no <TASK_DEFINITION>, which the deploy action replaces by the new revision", .path.display())]
    AppspecWithoutTaskDefinition {
        /// The appspec.
        path: PathBuf,
    },
    /// The files do not fit into an input artifact.
    #[error("its files have {size} bytes, and the deploy action takes at most {ARTIFACT_LIMIT}")]
    TooLarge {
        /// All files together, in bytes.
        size: usize,
    },
    /// imagedefinitions.json does not fit.
    #[error("imagedefinitions.json has {size} bytes, and the deploy action takes at most {limit}")]
    DefinitionsTooLarge {
        /// The file, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
}

impl Problem {
    /// Where in a file it is, when it is in a file.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Syntax { location, .. }
            | Self::DuplicateKey { location }
            | Self::Shape { location, .. }
            | Self::UnknownPlaceholder { location, .. }
            | Self::LeftPlaceholder { location, .. }
            | Self::AccountId { location, .. }
            | Self::RefusedMember { location, .. } => Some(location),
            _ => None,
        }
    }

    /// Whether the user's files are wrong, rather than this release or the result.
    pub fn is_configuration(&self) -> bool {
        !matches!(
            self,
            Self::NotReleased { .. } | Self::TooLarge { .. } | Self::DefinitionsTooLarge { .. }
        )
    }

    /// What to do about it, when the message does not say it yet.
    pub fn hint(&self) -> Option<String> {
        let nearest = |wanted: &str, names: &[String]| {
            names
                .iter()
                .map(|name| (strsim::jaro_winkler(wanted, name), name))
                .filter(|(likeness, _)| *likeness > 0.8)
                .max_by(|(a, _), (b, _)| a.total_cmp(b))
                .map(|(_, name)| name.clone())
        };
        match self {
            Self::UnknownPlaceholder {
                placeholder, known, ..
            } => nearest(placeholder, known).map(|name| format!("did you mean <{name}>?")),
            Self::NotReleased {
                target, released, ..
            } => Some(match nearest(target, released) {
                Some(name) => format!("did you mean target `{name}`?"),
                None => format!("release `{target}` too, or take it out of `images`"),
            }),
            _ => None,
        }
    }
}

fn member(location: &Location) -> &str {
    location.member.as_deref().unwrap_or("the value")
}

/// `a, b and c`; `nothing` for none.
fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// A template could not be read, or a file not written.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// A template cannot be read.
    #[error("cannot read {}", .path.display())]
    Read {
        /// The template.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the hand-off would replace its own template.
    #[error("{} is the template itself; set `output` of the service to another folder", .path.display())]
    OverwritesTemplate {
        /// The template.
        path: PathBuf,
    },
}

impl FolderError {
    /// [`exit::CONFIGURATION`] for a template that is missing or would be overwritten, else
    /// [`exit::HANDOFF`].
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Read { .. } | Self::OverwritesTemplate { .. } => exit::CONFIGURATION,
            Self::Write { .. } => exit::HANDOFF,
        }
    }
}
