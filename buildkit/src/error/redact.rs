//! URLs without their secrets.

/// The text with user information, query and fragment cut out of every http(s) URL: registries
/// redirect to signed URLs, and the daemon quotes them when they fail.
pub(crate) fn redact_urls(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = next_url(rest) {
        let (before, url) = rest.split_at(start);
        clean.push_str(before);
        let end = url
            .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`'))
            .unwrap_or(url.len());
        let (url, after) = url.split_at(end);
        push_redacted(&mut clean, url);
        rest = after;
    }
    clean.push_str(rest);
    clean
}

fn next_url(text: &str) -> Option<usize> {
    match (text.find("http://"), text.find("https://")) {
        (Some(one), Some(two)) => Some(one.min(two)),
        (one, two) => one.or(two),
    }
}

fn push_redacted(clean: &mut String, url: &str) {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    clean.push_str(scheme);
    clean.push_str("://");
    let path_at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(path_at);
    clean.push_str(
        authority
            .rsplit_once('@')
            .map_or(authority, |(_, host)| host),
    );
    match path.find(['?', '#']) {
        Some(cut) => {
            clean.push_str(&path[..cut]);
            // What ends a sentence or a quotation is not part of the query.
            let tail = path.trim_end_matches([':', ',', '.', ';', ')']);
            clean.push_str("?<redacted>");
            clean.push_str(&path[tail.len()..]);
        }
        None => clean.push_str(path),
    }
}

#[cfg(test)]
mod tests {
    use super::redact_urls;

    #[test]
    fn cuts_user_information_and_queries_and_nothing_else() {
        for (text, clean) in [
            ("nothing here", "nothing here"),
            (
                "Head \"https://me:pw@host/v2/a/manifests/1\": 401",
                "Head \"https://host/v2/a/manifests/1\": 401",
            ),
            (
                "Get https://s3.example/blob?X-Amz-Signature=abc: timeout, then http://b/c",
                "Get https://s3.example/blob?<redacted>: timeout, then http://b/c",
            ),
            ("https://host?token=1", "https://host?<redacted>"),
            ("http://", "http://"),
        ] {
            assert_eq!(redact_urls(text), clean);
        }
    }
}
