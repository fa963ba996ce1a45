//! `parameter "NAME" { … }`: an SSM parameter that a release writes. What is put into it is
//! `parameter`'s work.

use std::collections::BTreeSet;

use super::read::{Names, Reader};
use super::region::is_region;
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::parameter::check_name;

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[
    "name",
    "target",
    "targets",
    "value",
    "type",
    "key",
    "tier",
    "region",
    "on",
    "description",
];

/// The longest description that SSM takes, in characters.
const MAX_DESCRIPTION: usize = 1024;

/// `parameter "NAME" { … }`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParameterSettings {
    /// The label.
    pub label: String,
    /// `name`: the parameter's name, `/shop/production/web`; default: the label.
    pub name: String,
    /// `target` or `targets`: whose images it names, groups and patterns resolved; default: all
    /// images of the release.
    pub targets: Option<BTreeSet<String>>,
    /// `value`: what is written.
    pub value: ValueForm,
    /// `type`: how SSM keeps it.
    pub kind: ParameterKind,
    /// `key`: the KMS key of a `SecureString`; default: the account's `aws/ssm`.
    pub key: Option<String>,
    /// `tier`; default: what the account is set to.
    pub tier: Option<ParameterTier>,
    /// `region`; default: the one that the process is configured for.
    pub region: Option<String>,
    /// `on`: when it is written.
    pub on: WriteOn,
    /// `description`, which SSM shows.
    pub description: Option<String>,
}

/// What a parameter holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ValueForm {
    /// A document that names all its images: [`crate::parameter::Document`].
    #[default]
    Json,
    /// `repository@digest` of one image.
    Reference,
    /// The digest of one image.
    Digest,
    /// The release's tag, which its images have in common.
    Tag,
}

/// SSM's parameter types that can hold one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParameterKind {
    /// Plain text.
    #[default]
    String,
    /// Encrypted by KMS.
    SecureString,
}

/// SSM's tiers, which decide about the largest value and the price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterTier {
    /// At most 4 KB, free.
    Standard,
    /// At most 8 KB, charged for; cannot be made standard again.
    Advanced,
    /// Advanced only when it must be.
    IntelligentTiering,
}

/// When a parameter is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WriteOn {
    /// When it holds something else than it should.
    #[default]
    Change,
    /// At every release: a new version, and so an event, each time.
    Always,
}

/// A word of the configuration and what it means.
type Words<T> = [(&'static str, T)];

impl ValueForm {
    const WORDS: &'static Words<Self> = &[
        ("json", Self::Json),
        ("reference", Self::Reference),
        ("digest", Self::Digest),
        ("tag", Self::Tag),
    ];

    /// The word of the configuration.
    pub fn as_str(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(_, form)| *form == self);
        found.map_or("json", |(word, _)| word)
    }
}

impl ParameterKind {
    /// As SSM spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::String => "String",
            Self::SecureString => "SecureString",
        }
    }
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, names: &Names<'_>) -> Result<ParameterSettings, Fault> {
    let name = name(reader)?;
    let value = word(reader, "value", ValueForm::WORDS)?.unwrap_or_default();
    let targets = targets(reader, names)?;
    if let Some(several) = targets.as_ref().filter(|targets| targets.len() > 1)
        && matches!(value, ValueForm::Reference | ValueForm::Digest)
    {
        let several: Vec<&str> = several.iter().map(String::as_str).collect();
        let message = format!(
            "a {} is of one image, and the block names {}",
            value.as_str(),
            several.join(", ")
        );
        return Err(reader
            .fault("value", &message)
            .help("write value = \"json\", or a block for each target"));
    }
    let kinds = [
        ("String", ParameterKind::String),
        ("SecureString", ParameterKind::SecureString),
    ];
    let kind = word(reader, "type", &kinds)?.unwrap_or_default();
    let key = reader.text("key")?.filter(|text| !text.is_empty());
    if key.is_some() && kind == ParameterKind::String {
        return Err(reader
            .fault("key", "only a SecureString is encrypted")
            .help("add type = \"SecureString\", or leave key out"));
    }
    let tiers = [
        ("standard", ParameterTier::Standard),
        ("advanced", ParameterTier::Advanced),
        ("intelligent-tiering", ParameterTier::IntelligentTiering),
    ];
    let on = [("change", WriteOn::Change), ("always", WriteOn::Always)];
    let description = reader.text("description")?.filter(|text| !text.is_empty());
    if let Some(length) = description.as_ref().map(|text| text.chars().count())
        && length > MAX_DESCRIPTION
    {
        let message = format!("it has {length} characters; SSM takes {MAX_DESCRIPTION}");
        return Err(reader.fault("description", &message));
    }
    Ok(ParameterSettings {
        label: reader.name(),
        name,
        targets,
        value,
        kind,
        key,
        tier: word(reader, "tier", &tiers)?,
        region: region(reader)?,
        on: word(reader, "on", &on)?.unwrap_or_default(),
        description,
    })
}

/// The attribute, which can hold an environment's name, or else the label.
fn name(reader: &Reader<'_>) -> Result<String, Fault> {
    let says = |name: &str, problem| format!("{name:?} is no name of an SSM parameter: {problem}");
    if let Some(name) = reader.text("name")? {
        return match check_name(&name) {
            Ok(()) => Ok(name),
            Err(problem) => Err(reader.fault("name", &says(&name, problem))),
        };
    }
    let label = reader.name();
    match check_name(&label) {
        Ok(()) => Ok(label),
        Err(problem) => Err(reader
            .block_fault(says(&label, problem))
            .help("write parameter \"/shop/production/web\" { … }, or set name")),
    }
}

fn targets(reader: &Reader<'_>, names: &Names<'_>) -> Result<Option<BTreeSet<String>>, Fault> {
    let several = reader.targets("targets", names)?;
    let Some(target) = reader.text("target")? else {
        if several.as_ref().is_some_and(BTreeSet::is_empty) {
            return Err(reader
                .fault("targets", "it names no target")
                .help("leave it out for all images of the release"));
        }
        return Ok(several);
    };
    if several.is_some() {
        return Err(reader
            .fault("target", "targets is set, too")
            .help("keep one of the two"));
    }
    if names.targets.contains(target.as_str()) {
        return Ok(Some([target].into()));
    }
    let message = format!("there is no target {target:?}");
    let help = if names.groups.contains_key(target.as_str()) {
        Some(format!(
            "{target:?} is a group: write targets = [{target:?}]"
        ))
    } else {
        did_you_mean(&target, names.targets.iter().copied())
    };
    Err(reader.fault("target", &message).maybe_help(help))
}

/// One of the words that an attribute can be.
fn word<T: Copy>(reader: &Reader<'_>, name: &str, words: &Words<T>) -> Result<Option<T>, Fault> {
    let Some(text) = reader.text(name)? else {
        return Ok(None);
    };
    if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
        return Ok(Some(*value));
    }
    let known: Vec<String> = words.iter().map(|(word, _)| format!("{word:?}")).collect();
    Err(reader
        .fault(name, &format!("{text:?} is not known"))
        .help(format!("write {}", known.join(" or "))))
}

fn region(reader: &Reader<'_>) -> Result<Option<String>, Fault> {
    let Some(region) = reader.text("region")?.filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    if is_region(&region) {
        return Ok(Some(region));
    }
    Err(reader
        .fault("region", &format!("{region:?} is no AWS region"))
        .help("write it as in \"ap-northeast-1\""))
}
