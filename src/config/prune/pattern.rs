//! Patterns in labels and lists: that they are whole, that they can match something, and that an earlier one
//! leaves something to them.

use crate::bake::diagnostic::Fault;
use crate::config::read::Reader;
use crate::prune::NamePattern;

/// What is named by the label of a block.
#[derive(Clone, Copy)]
pub(super) enum Named {
    Repository,
    Cluster,
    Family,
    Function,
}

impl Named {
    /// The block's kind.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Self::Repository => "repository",
            Self::Cluster => "cluster",
            Self::Family => "family",
            Self::Function => "function",
        }
    }

    /// The characters that such a name can have, beside those of patterns: by the API references of ECR, ECS
    /// and Lambda.
    fn takes(self, c: char) -> bool {
        match self {
            Self::Repository => c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c),
            Self::Cluster | Self::Family | Self::Function => {
                c.is_ascii_alphanumeric() || "_-".contains(c)
            }
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::Repository => {
                "write the repository's name alone, without the registry: \"shop/web\" or \"shop/*\""
            }
            Self::Cluster => "write the cluster's name, not its ARN: \"prod\" or \"prod-*\"",
            Self::Family => "write the family's name, without a revision: \"batch\" or \"batch-*\"",
            Self::Function => "write the function's name, not its ARN: \"resize\" or \"img-*\"",
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
        let hides = |(earlier, _): &&(NamePattern, Reader<'a>)| hides(earlier, &pattern);
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

/// Whether an earlier pattern covers all that a later one does. False where it is hard to tell.
///
/// As a text, the later one is a name among those that it covers, but for its `*` and `?`; where the earlier one has
/// no more than `*`, only that can have taken them, and it takes whatever they stand for.
fn hides(earlier: &NamePattern, later: &NamePattern) -> bool {
    !earlier.as_str().contains(['?', '[', ']', '\\'])
        && !later.as_str().contains(['[', ']', '\\'])
        && earlier.covers(later.as_str())
}

/// A list of patterns over tags.
pub(super) fn tags(reader: &Reader<'_>, name: &str) -> Result<Option<Vec<NamePattern>>, Fault> {
    let Some(texts) = reader.texts(name)? else {
        return Ok(None);
    };
    let patterns = texts.iter().enumerate().map(|(index, text)| {
        let fault = |message: &str| reader.element_fault(name, index, message);
        let pattern = text.parse().map_err(|message: String| fault(&message))?;
        // The alphabet of the distribution specification.
        let strange = |c: &char| !c.is_ascii_alphanumeric() && !"_.-*?[]^\\".contains(*c);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_hidden_only_by_what_covers_all_of_it() {
        let hides =
            |earlier: &str, later: &str| hides(&earlier.parse().unwrap(), &later.parse().unwrap());
        for (earlier, later) in [
            ("*", "shop/web"),
            ("*", "*"),
            ("shop/*", "shop/web"),
            ("shop/*", "shop/w*"),
            ("shop/*", "shop/we?"),
            ("*-*", "a-*"),
        ] {
            assert!(hides(earlier, later), "{earlier} {later}");
        }
        for (earlier, later) in [
            ("shop/*", "*"),
            ("shop/web", "shop/*"),
            ("shop/*", "shop"),
            ("?", "*"),
            ("*-*", "[a-z]"),
            ("a*", "b*"),
        ] {
            assert!(!hides(earlier, later), "{earlier} {later}");
        }
    }
}
