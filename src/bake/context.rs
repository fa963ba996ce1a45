//! Contexts of targets: local directories and URLs.

/// Whether a context is fetched by the builder: an HTTP URL or a git repository. Everything else
/// is a local directory, unless it starts with `target:`, `docker-image://` or `oci-layout://`.
pub fn is_remote_context(context: &str) -> bool {
    const PREFIXES: [&str; 5] = ["http://", "https://", "git://", "ssh://", "github.com/"];
    PREFIXES.iter().any(|prefix| context.starts_with(prefix)) || is_scp(context)
}

/// `git@host:path`.
fn is_scp(context: &str) -> bool {
    let word = |text: &str, more: &[char]| {
        !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    let Some((user, rest)) = context.split_once('@') else {
        return false;
    };
    let Some((host, _)) = rest.split_once(':') else {
        return false;
    };
    word(user, &['-', '_']) && word(host, &['-', '.'])
}

/// The context as buildx shows it: local paths are cleaned, `cwd://` is taken off.
pub(crate) fn normalize(context: &str) -> String {
    match context.strip_prefix("cwd://") {
        Some(path) => clean(path),
        None if is_remote_context(context) => context.to_owned(),
        None => clean(context),
    }
}

/// The shortest path with the same meaning, by the text alone: no `.`, no doubled slashes, `..`
/// resolved where it can be. An empty path is `.`.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_paths_are_cleaned_and_urls_are_not() {
        for (given, shown) in [
            ("", "."),
            ("./web/", "web"),
            ("a//b/../c", "a/c"),
            ("../..", "../.."),
            ("/../x", "/x"),
            ("cwd://", "."),
            ("cwd://sub/.", "sub"),
            ("https://example.com//x.tar", "https://example.com//x.tar"),
            ("git@example.com:a/../b.git", "git@example.com:a/../b.git"),
        ] {
            assert_eq!(normalize(given), shown, "{given:?}");
        }
        assert!(!is_remote_context("a@b"));
    }
}
