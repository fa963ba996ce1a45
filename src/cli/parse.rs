//! Readers of flag values: text to typed values, with errors that say what was expected.

use std::time::Duration;

use crate::config::{Baseline, parse_size, parse_timeout};
use crate::scan::{NoResult, ScannerKind, Severity};
use crate::soci::check_span_size;

/// `tag:NAME`, `record:FILE` or `none`.
pub(crate) fn baseline(text: &str) -> Result<Baseline, String> {
    Baseline::parse(text).ok_or_else(|| "expected tag:NAME, record:FILE or none".to_owned())
}

/// A size as launchway.hcl writes it: `4194304` or `4MiB`.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    parse_size(text).map_err(|error| format!("{error}; expected bytes, KiB, MiB or GiB"))
}

/// The size of a span.
pub(crate) fn span_size(text: &str) -> Result<u64, String> {
    check_span_size(size(text)?).map_err(|error| format!("{error}: {}", error.why()))
}

/// A time limit.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    parse_timeout(text).map_err(|error| format!("{error}; expected for example 10m or 90s"))
}

/// How old an answer may be; `0s` asks again each time.
pub(crate) fn fresh_for(text: &str) -> Result<Duration, String> {
    if text.trim().trim_end_matches('s') == "0" {
        return Ok(Duration::ZERO);
    }
    timeout(text)
}

/// A severity.
pub(crate) fn severity(text: &str) -> Result<Severity, String> {
    let names = || Severity::ALL.map(Severity::name).join(", ");
    Severity::parse(text).ok_or_else(|| format!("expected one of {}", names()))
}

/// A scanner.
pub(crate) fn scanner(text: &str) -> Result<ScannerKind, String> {
    let found = ScannerKind::ALL
        .into_iter()
        .find(|kind| kind.name() == text);
    found.ok_or_else(|| "expected ecr, trivy or command".to_owned())
}

/// `fail` or `warn`.
pub(crate) fn no_result(text: &str) -> Result<NoResult, String> {
    match text {
        "fail" => Ok(NoResult::Fail),
        "warn" => Ok(NoResult::Warn),
        _ => Err("expected fail or warn".to_owned()),
    }
}

/// A key and perhaps a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Before the first `=`.
    pub key: String,
    /// After it; `None` when there is no `=`.
    pub value: Option<String>,
}

/// `KEY=VALUE`, or `KEY` alone where that means "from the environment" or "empty".
pub(crate) fn pair(text: &str) -> Result<Pair, String> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text, None),
    };
    if key.is_empty() {
        return Err("expected KEY=VALUE".to_owned());
    }
    Ok(Pair {
        key: key.to_owned(),
        value,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn baselines() {
        assert_eq!(baseline("tag:prod"), Ok(Baseline::Tag("prod".to_owned())));
        assert_eq!(
            baseline("record:out/release.json"),
            Ok(Baseline::Record("out/release.json".into()))
        );
        assert_eq!(baseline("none"), Ok(Baseline::None));
        for wrong in ["", "prod", "tag:", "record:", "none:", "Tag:x"] {
            assert!(baseline(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn sizes_are_those_of_the_configuration() {
        assert_eq!(size("4MiB"), Ok(4 << 20));
        assert!(size("4MB").unwrap_err().contains("KiB, MiB or GiB"));
        assert_eq!(span_size("1048576"), Ok(1 << 20));
        for wrong in ["0", "2GiB", "1KiB"] {
            assert!(
                span_size(wrong)
                    .unwrap_err()
                    .contains("is not between 64 KiB and 1 GiB")
            );
        }
    }

    #[test]
    fn pairs() {
        let value = |text| pair(text).unwrap().value;
        assert_eq!(value("A=1=2"), Some("1=2".to_owned()));
        assert_eq!(value("A="), Some(String::new()));
        assert_eq!(value("A"), None);
        assert!(pair("=x").is_err());
        assert!(pair("").is_err());
    }
}
