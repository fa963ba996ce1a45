//! Hides secrets in texts that go to people: those that we know, and what has the form of one.
//!
//! A build's log is read by whoever may see the build; a chat room has other readers. What no list of
//! values and no pattern can know stays: a message shows few lines of a log for this reason too.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use launchway_buildkit::Secret;
use regex::Regex;

/// What stands where a secret stood.
const HIDDEN: &str = "***";
/// Shorter values are too likely to be part of ordinary words.
const SHORTEST: usize = 6;

/// Names of variables whose values are secrets.
static NAMES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)(secret|token|passw|passphrase|credential|webhook|api_?key|private_?key|access_?key$)")
        .ok()
});

/// Forms of secrets: logins in URLs, Slack's webhooks and tokens, GitHub's and AWS's keys, bearer
/// tokens, private keys.
static FORMS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let forms = [
        (r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]+@", "${1}***@"),
        (
            r"(?i)(https?://hooks\.slack[a-z-]*\.com)/[^\s]*",
            "${1}/***",
        ),
        (r"\bxox[a-z]-[A-Za-z0-9-]+", HIDDEN),
        (
            r"\b(?:gh[a-z]_|github_pat_|glpat-|npm_)[A-Za-z0-9_-]{16,}",
            HIDDEN,
        ),
        (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", HIDDEN),
        (
            r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/-]{12,}=*",
            "${1} ***",
        ),
        (
            r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*",
            HIDDEN,
        ),
        (
            r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
            HIDDEN,
        ),
    ];
    let forms = forms.into_iter();
    forms
        .filter_map(|(form, instead)| Some((Regex::new(form).ok()?, instead)))
        .collect()
});

/// What is hidden.
#[derive(Clone, Default)]
pub struct Mask {
    /// The longest first, so that a value that holds another one is hidden whole.
    values: Vec<String>,
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").finish_non_exhaustive()
    }
}

impl Mask {
    /// Hides the values of variables that by their names are secrets.
    pub fn of_environment(variables: &BTreeMap<String, String>) -> Self {
        let mut mask = Self::default();
        let names = NAMES.as_ref();
        for (name, value) in variables {
            // A reference is no secret; neither is a path such as a token's file.
            let secret = names.is_some_and(|names| names.is_match(name));
            if secret && !value.starts_with('/') {
                mask.add(value);
            }
        }
        mask
    }

    /// Hides a secret too, and the path of one that is a URL.
    pub fn hide(&mut self, secret: &Secret) {
        let value = secret.expose();
        self.add(value);
        if let Ok(url) = reqwest::Url::parse(value) {
            self.add(url.path());
            self.add(url.as_str());
        }
    }

    fn add(&mut self, value: &str) {
        let value = value.trim();
        if value.len() < SHORTEST || self.values.iter().any(|known| known == value) {
            return;
        }
        self.values.push(value.to_owned());
        self.values
            .sort_by_key(|value| std::cmp::Reverse(value.len()));
    }

    /// The text without secrets.
    pub fn apply(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), HIDDEN);
            }
        }
        for (form, instead) in FORMS.iter() {
            if form.is_match(&text) {
                text = form.replace_all(&text, *instead).into_owned();
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(FORMS.len(), 8);
        assert!(NAMES.is_some());
    }

    #[test]
    fn known_values_are_hidden_whole() {
        let variables = [
            ("NPM_TOKEN", "hunter2hunter2"),
            ("SLACK_WEBHOOK", "http://127.0.0.1:9/services/T0/B0/abcdef"),
            ("MY_PASSWORD", "abc"),
            ("PATH", "/usr/bin"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", "/var/run/token"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut mask = Mask::of_environment(&BTreeMap::from(variables));
        mask.hide(&Secret::new("http://127.0.0.1:9/services/T0/B0/abcdef"));
        let text = "a hunter2hunter2 b /services/T0/B0/abcdef c /usr/bin abc /var/run/token";
        assert_eq!(
            mask.apply(text),
            "a *** b *** c /usr/bin abc /var/run/token"
        );
        let shown = format!("{mask:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn forms_of_secrets_are_hidden() {
        let mask = Mask::default();
        for (text, expected) in [
            ("fetch https://me:pw@host/x", "fetch https://***@host/x"),
            (
                "POST https://hooks.slack.com/services/T/B/X failed",
                "POST https://hooks.slack.com/*** failed",
            ),
            (
                "https://hooks.slack-gov.com/services/T",
                "https://hooks.slack-gov.com/***",
            ),
            ("token xoxb-12-34 end", "token *** end"),
            ("ghp_0123456789abcdef0123", "***"),
            ("key AKIAIOSFODNN7EXAMPLE.", "key ***."),
            (
                "Authorization: Bearer abcdefghijklmnop",
                "Authorization: Bearer ***",
            ),
            ("basic idea of this", "basic idea of this"),
            ("see https://example.com/a@b", "see https://example.com/a@b"),
            ("x -----BEGIN RSA PRIVATE KEY-----\nabc", "x ***"),
        ] {
            assert_eq!(mask.apply(text), expected, "{text}");
        }
    }
}
