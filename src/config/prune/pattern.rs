//! Patterns in labels and lists: that they are whole, that they can match something, and that an earlier one
//! leaves something to them.

use crate::bake::diagnostic::Fault;
use crate::config::read::Reader;
use crate::prune::NamePattern;

/// What is named by the label of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Repository,
    Cluster,
    Family,
    Function,
    Job,
}

impl Named {
    /// The block's kind.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Cluster => "cluster",
            Self::Family => "family",
            Self::Function => "function",
            Self::Job => "job",
        }
    }

    /// The characters that such a name can have, beside those of patterns: by the API references of ECR, ECS,
    /// Lambda and Batch.
    pub(crate) fn takes(self, c: char) -> bool {
        match self {
            Self::Repository => c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c),
            Self::Cluster | Self::Family | Self::Function | Self::Job => {
                c.is_ascii_alphanumeric() || "_-".contains(c)
            }
        }
    }

    /// What to write instead of something else.
    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::Repository => {
                "write the repository's name alone, without the registry: \"shop/web\" or \"shop/*\""
            }
            Self::Cluster => "write the cluster's name, not its ARN: \"prod\" or \"prod-*\"",
            Self::Family => "write the family's name, without a revision: \"batch\" or \"batch-*\"",
            Self::Function => "write the function's name, not its ARN: \"resize\" or \"img-*\"",
            Self::Job => {
                "write the job definition's name, without a revision: \"nightly\" or \"nightly-*\""
            }
        }
    }
}

/// The blocks of a kind with their patterns. Of blocks that could cover one name the first counts, so one that
/// comes too late is a fault.
pub(super) fn labelled<'a>(
    reader: &Reader<'a>,
    named: Named,
    faults: &mut Vec<Fault>,
) -> Vec<(NamePattern, Reader<'a>)> {
    let mut found: Vec<(NamePattern, Reader<'a>)> = Vec::new();
    for inner in reader.nested(named.kind()) {
        let pattern = match label(&inner, named) {
            Ok(pattern) => pattern,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let hides = |(earlier, _): &&(NamePattern, Reader<'a>)| {
            // The same label twice is a fault of its own.
            *earlier != pattern && earlier.covers_all_of(&pattern)
        };
        if let Some((earlier, _)) = found.iter().find(hides) {
            let kind = named.kind();
            let message = format!(
                "the {kind} {:?} before it covers all that this one could",
                earlier.as_str()
            );
            let help = "the first that covers a name counts: put this one before it";
            faults.push(inner.block_fault(message).help(help));
        }
        found.push((pattern, inner));
    }
    found
}

fn label(reader: &Reader<'_>, named: Named) -> Result<NamePattern, Fault> {
    let label = reader.name();
    let pattern: NamePattern = label.parse().map_err(|message: String| {
        reader
            .block_fault(message)
            .help(format!("write {} \"name\" {{ … }}", named.kind()))
    })?;
    let strange = |c: &char| !named.takes(*c) && !"*?[]^\\".contains(*c);
    if let Some(strange) = label.chars().find(strange) {
        let message = format!(
            "{label:?} matches nothing: no {} has a {strange:?} in its name",
            named.kind()
        );
        return Err(reader.block_fault(message).help(named.help()));
    }
    if matches!(named, Named::Repository) && has_host(&label) {
        let message = format!("{label:?} begins with a registry's host");
        return Err(reader.block_fault(message).help(named.help()));
    }
    Ok(pattern)
}

/// `123456789012.dkr.ecr.…/web`: also a possible name, which nobody gives.
fn has_host(label: &str) -> bool {
    let host = label.split('/').next().unwrap_or_default();
    host.contains(".dkr.ecr") || host.contains(".dkr-ecr") || host == "public.ecr.aws"
}

/// A list of patterns over tags.
pub(super) fn tags(reader: &Reader<'_>, name: &str) -> Result<Option<Vec<NamePattern>>, Fault> {
    let Some(texts) = reader.texts(name)? else {
        return Ok(None);
    };
    let patterns = texts.iter().enumerate().map(|(index, text)| {
        let fault = |message: &str| reader.element_fault(name, index, message);
        let pattern = text.parse().map_err(|message: String| fault(&message))?;
        let strange = |c: &char| !is_of_tags(*c) && !"*?[]^\\".contains(*c);
        match text.chars().find(strange) {
            None => Ok(pattern),
            Some(strange) => {
                let message = format!("{text:?} matches nothing: no tag has a {strange:?} in it");
                let help = "write tags alone, without the repository: \"latest\" or \"prod-*\"";
                Err(fault(&message).help(help))
            }
        }
    });
    patterns.collect::<Result<_, _>>().map(Some)
}

/// The alphabet of tags, by the distribution specification.
pub(crate) fn is_of_tags(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_.-".contains(c)
}
