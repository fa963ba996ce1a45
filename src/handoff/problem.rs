//! Everything that can be wrong with a hand-off, or only look so, with places in the files.

use std::path::PathBuf;

use super::ARTIFACT_LIMIT;
use super::appspec::AppspecRule;
use super::location::Location;
use super::rule::{TaskdefRule, nearest_of};

/// One thing that is wrong, or only looks so (see [`super::Handoff::warnings`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The template is not JSON, or the appspec not YAML.
    #[error("{location}: not valid {format}: {message}")]
    Syntax {
        /// Where the parser stopped.
        location: Location,
        /// `JSON` or `YAML`.
        format: &'static str,
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
    /// A rule of task definitions.
    #[error("{location}: {}{rule}", prefix(.location))]
    Taskdef {
        /// The value.
        location: Location,
        /// What it breaks.
        rule: TaskdefRule,
    },
    /// A rule of appspecs.
    #[error("{location}: {}{rule}", prefix(.location))]
    Appspec {
        /// The value.
        location: Location,
        /// What it breaks.
        rule: AppspecRule,
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
    /// An entry of `values` that the template does not use.
    #[error("`values` has {placeholder}, but {} has no <{placeholder}>", .template.display())]
    UnusedValue {
        /// The entry's key.
        placeholder: String,
        /// The template that was searched.
        template: PathBuf,
    },
    /// A name in `values` and in `images`.
    #[error("{placeholder} is in `images` and in `values`; give it one meaning")]
    ClashingValue {
        /// The name.
        placeholder: String,
    },
    /// The placeholder that is made of a target's name stands for something else.
    #[error(
        "container by name: target `{target}` would be <{placeholder}>, which stands for something else; give the target a placeholder in `images`"
    )]
    PlaceholderTaken {
        /// The placeholder's name.
        placeholder: String,
        /// The target.
        target: String,
    },
    /// A key that cannot be a placeholder.
    #[error(
        "`{placeholder}` in `{attribute}` is not a placeholder's name; letters, digits, `_`, `-` and `.` are, without `<` and `>`"
    )]
    PlaceholderName {
        /// `images` or `values`.
        attribute: &'static str,
        /// The entry's key.
        placeholder: String,
    },
    /// An entry of `containers` for a container that the template does not have.
    #[error("`containers` maps container `{container}` to target `{target}`, but {} has no such container", .template.display())]
    UnknownContainer {
        /// The entry's key.
        container: String,
        /// The entry's value.
        target: String,
        /// The template.
        template: PathBuf,
        /// The containers that it has.
        known: Vec<String>,
    },
    /// A service without images.
    #[error(
        "it has no images; map placeholders to targets, for example images = {{ IMAGE_WEB = \"web\" }}, or containers, for example containers = {{ web = \"web\" }}"
    )]
    NoImages,
    /// An attribute that changes a task definition, without one.
    #[error("`{attribute}` needs a task definition; set `taskdef`")]
    NeedsTaskdef {
        /// The attribute.
        attribute: &'static str,
    },
    /// Too many images for CodePipeline to put in.
    #[error(
        "mode \"placeholder\" has {} placeholders ({}), and the deploy action takes at most 4",
        .placeholders.len(), listed(.placeholders.iter().cloned())
    )]
    TooManyPlaceholders {
        /// Their names.
        placeholders: Vec<String>,
    },
    /// A target that the record does not hold.
    #[error("`{attribute}` maps {key} to target `{target}`, which is not in this release; it holds {}", listed(.released.iter().cloned()))]
    NotReleased {
        /// `images` or `containers`.
        attribute: &'static str,
        /// The entry's key.
        key: String,
        /// The entry's value.
        target: String,
        /// The targets that the record holds.
        released: Vec<String>,
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
    /// Where in a file or attribute it is, when it is in one.
    pub fn location(&self) -> Option<&Location> {
        match self {
            Self::Syntax { location, .. }
            | Self::DuplicateKey { location }
            | Self::Shape { location, .. }
            | Self::Taskdef { location, .. }
            | Self::Appspec { location, .. }
            | Self::UnknownPlaceholder { location, .. } => Some(location),
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

    /// Message and hint in one, for a warning.
    pub fn with_hint(&self) -> String {
        match self.hint() {
            Some(hint) => format!("{self}; {hint}"),
            None => self.to_string(),
        }
    }

    /// What to do about it, when the message does not say it yet.
    pub fn hint(&self) -> Option<String> {
        let near = |wanted: &str, names: &[String]| {
            nearest_of(wanted, names.iter().map(String::as_str)).map(str::to_owned)
        };
        match self {
            Self::UnknownPlaceholder {
                placeholder, known, ..
            } => near(placeholder, known).map(|name| format!("did you mean <{name}>?")),
            Self::UnknownContainer {
                container, known, ..
            } => Some(match near(container, known) {
                Some(name) => format!("did you mean container `{name}`?"),
                None => format!("it has {}", listed(known.iter().cloned())),
            }),
            Self::NotReleased {
                attribute,
                target,
                released,
                ..
            } => Some(match near(target, released) {
                Some(name) => format!("did you mean target `{name}`?"),
                None => format!("release `{target}` too, or take it out of `{attribute}`"),
            }),
            Self::TooManyPlaceholders { .. } => {
                Some("mode = \"render\" puts in any number of images itself".to_owned())
            }
            Self::Taskdef { rule, .. } => rule.hint(),
            Self::Appspec { rule, .. } => rule.hint(),
            _ => None,
        }
    }
}

fn member(location: &Location) -> &str {
    location.member.as_deref().unwrap_or("the value")
}

/// `containerDefinitions[0].image: `, or nothing for the whole document.
fn prefix(location: &Location) -> String {
    match &location.member {
        Some(member) => format!("{member}: "),
        None => String::new(),
    }
}

/// `a, b and c`; `nothing` for none.
pub(super) fn listed(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
