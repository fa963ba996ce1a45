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

/// Names that look like those of secrets, and whose values say where something is, or what a build
/// was started by (`CODEBUILD_WEBHOOK_HEAD_REF` is a branch).
static ELSEWHERE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)^CODEBUILD_WEBHOOK_|_(file|path|dir|sock)$").ok());

/// Forms of secrets: logins in URLs, Slack's webhooks and tokens, GitHub's and AWS's keys, bearer
/// tokens, private keys. Of a key whose first or last lines are not in the text, what is there.
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
            r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)",
            HIDDEN,
        ),
        // Only its end: lines that end with base64, one that may be short, and the last line.
        (
            r"(?m)(?:^(?:[^\n]*[^A-Za-z0-9+/=\n])?[A-Za-z0-9+/=]{16,}[ \t\r]*\n)*(?:^[^\n]*\n)?[^\n]*-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----",
            HIDDEN,
        ),
        // Only its middle: lines as long as those of a key.
        (
            r"(?m)^(?:[^\n]*\s)?[A-Za-z0-9+/]{60,76}(?:[ \t\r]*\n(?:[^\n]*\s)?[A-Za-z0-9+/]{60,76})+(?:[ \t\r]*\n[A-Za-z0-9+/]+={0,2}$)?",
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
        let named = |names: &Option<Regex>, name: &str| {
            names.as_ref().is_some_and(|names| names.is_match(name))
        };
        for (name, value) in variables {
            if named(&NAMES, name) && !named(&ELSEWHERE, name) {
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

    /// The value, and each line of it: a log may put something before every line.
    fn add(&mut self, value: &str) {
        let value = value.trim();
        self.keep(value);
        if value.contains('\n') {
            // The first and the last line of a key are the same in all, and mark what is between.
            let lines = value.lines().map(str::trim);
            lines
                .filter(|line| !line.starts_with("-----"))
                .for_each(|line| self.keep(line));
        }
    }

    fn keep(&mut self, value: &str) {
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
            // Most texts are one line, and these two forms are slow to look for.
            let parts = form.as_str().starts_with("(?m)");
            if parts && !text.contains('\n') && !text.contains("-----END") {
                continue;
            }
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
        assert_eq!(FORMS.len(), 10);
        assert!(NAMES.is_some() && ELSEWHERE.is_some());
    }

    #[test]
    fn a_name_says_whether_a_value_is_a_secret() {
        let variables = [
            ("DB_PASSWORD", "/s3cr3t/pass"),
            ("VAULT_TOKEN_PATH", "/run/vault"),
            ("SECRETS_DIR", "secrets"),
            ("token_sock", "/run/token.sock"),
            ("CODEBUILD_WEBHOOK_HEAD_REF", "refs/heads/main"),
            ("CODEBUILD_WEBHOOK_TRIGGER", "branch/main"),
            ("CODEBUILD_WEBHOOK_EVENT", "PUSH_EVENT"),
            ("MY_CODEBUILD_WEBHOOK_URL", "hunter2hunter2"),
        ];
        let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mask = Mask::of_environment(&BTreeMap::from(variables));
        let plain = "/run/vault secrets /run/token.sock refs/heads/main branch/main PUSH_EVENT";
        assert_eq!(mask.apply(plain), plain);
        assert_eq!(mask.apply("/s3cr3t/pass hunter2hunter2"), "*** ***");
    }

    #[test]
    fn every_line_of_a_secret_is_hidden() {
        let mut mask = Mask::default();
        mask.hide(&Secret::new("first-line\r\n  second-line\nx = 1\n"));
        let log = "0.1 first-line\n0.2 second-line\n0.3 x = 1";
        assert_eq!(mask.apply(log), "0.1 ***\n0.2 ***\n0.3 x = 1");
        assert_eq!(mask.apply("a first-line b"), "a *** b");
    }

    /// A key as programs print it, 64 characters a line; the last line is short.
    fn key(prefix: &str) -> Vec<String> {
        let mut lines = vec!["-----BEGIN RSA PRIVATE KEY-----".to_owned()];
        lines.extend((0..8).map(|line| format!("{line}Planted/+").repeat(7)[..64].to_owned()));
        lines.push("Planted=".to_owned());
        lines.push("-----END RSA PRIVATE KEY-----".to_owned());
        lines.iter().map(|line| format!("{prefix}{line}")).collect()
    }

    #[test]
    fn no_part_of_a_private_key_is_shown() {
        let mask = Mask::default();
        for prefix in ["", "#12 0.345 ", "+ "] {
            let key = key(prefix);
            for (from, to) in [
                (0, 11),
                (0, 10),
                (0, 2),
                (1, 11),
                (5, 11),
                (8, 11),
                (9, 11),
                (1, 9),
            ] {
                let log = format!("make: before\n{}", key[from..to].join("\n"));
                let shown = mask.apply(&log);
                assert!(
                    !shown.contains("Planted"),
                    "{prefix:?} {from}..{to}: {shown}"
                );
                assert!(shown.contains(HIDDEN), "{shown}");
            }
            let log = format!("before\n{}\nafter", key.join("\n"));
            let shown = mask.apply(&log);
            assert!(
                shown.starts_with("before\n") && shown.ends_with("***\nafter"),
                "{shown}"
            );
        }
        let harmless = "-----BEGIN CERTIFICATE-----\nmake: *** [all] Error 1\n\
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855  file";
        assert_eq!(mask.apply(harmless), harmless);
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
