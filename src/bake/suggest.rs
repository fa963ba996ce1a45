//! "Did you mean": the known name that is nearest to a mistyped one.

/// The nearest of `known`, if one is near enough to be a likely slip.
///
/// Ties go to the first in order, so pass names in a stable order.
pub(crate) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters may be wrong: `tag` for `tags`, `dockrefile` for `dockerfile`.
    let allowed = (name.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let distance = strsim::damerau_levenshtein(name, candidate);
        let same = name.replace('_', "-") == candidate.replace('_', "-");
        let distance = if same { 0 } else { distance };
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The help text for a mistyped name: `did you mean "x"?`.
pub(crate) fn did_you_mean<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(name, known).map(|candidate| format!("did you mean {candidate:?}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["tags", "target", "dockerfile", "cache-from"];
        assert_eq!(nearest("tag", known), Some("tags"));
        assert_eq!(nearest("dockrefile", known), Some("dockerfile"));
        assert_eq!(nearest("cache_from", known), Some("cache-from"));
        assert_eq!(nearest("replicas", known), None);
        assert_eq!(nearest("", known), None);
    }
}
