//! The two forms of durations in ecrm.yaml: `expires` as github.com/k1LoW/duration reads it, and the timeouts of
//! commands as Go does.

use std::time::Duration;

/// Nanoseconds of the units of `expires`.
const UNITS: [(&[&str], u64); 8] = [
    (&["ns"], 1),
    (&["us"], 1_000),
    (&["ms"], 1_000_000),
    (&["s", "sec", "second", "seconds"], 1_000_000_000),
    (&["m", "min", "minute", "minutes"], 60 * 1_000_000_000),
    (&["h", "hour", "hours"], 3600 * 1_000_000_000),
    (&["d", "day", "days"], 86_400 * 1_000_000_000),
    (&["w", "week", "weeks"], 604_800 * 1_000_000_000),
];

/// Reads `30d`, `30 days`, `1w 2d` or `1.5h`.
pub(super) fn expires(text: &str) -> Result<Duration, String> {
    read(text, true)
}

/// Reads Go's form, `1m30s`, or a number of nanoseconds.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(nanoseconds) => Ok(Duration::from_nanos(nanoseconds)),
        Err(_) => read(text, false),
    }
}

/// Numbers with units, added up. `words` takes blanks, days, weeks and units that are words.
fn read(text: &str, words: bool) -> Result<Duration, String> {
    let bad = || format!("{text:?} is no duration");
    let is_kept = |c: &char| !(words && *c == ' ');
    let compact: String = text.chars().filter(is_kept).collect();
    if compact.starts_with('-') {
        return Err(format!("{text:?} is negative"));
    }
    let mut rest = compact.strip_prefix('+').unwrap_or(&compact);
    if rest.is_empty() {
        return Err(bad());
    }
    let mut nanoseconds = 0.0;
    while !rest.is_empty() {
        let of_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, behind) = rest.split_at(rest.find(|c| !of_number(c)).unwrap_or(rest.len()));
        let (unit, behind) = behind.split_at(behind.find(of_number).unwrap_or(behind.len()));
        let number: f64 = number.parse().map_err(|_| bad())?;
        let allowed = |unit: &&str| words || matches!(*unit, "ns" | "us" | "ms" | "s" | "m" | "h");
        let factor = UNITS
            .iter()
            .find(|(names, _)| names.contains(&unit) && allowed(&unit))
            .map(|(_, factor)| *factor)
            .ok_or_else(bad)?;
        // Exact far beyond what either tool takes.
        #[expect(
            clippy::cast_precision_loss,
            reason = "every factor is exact as a double"
        )]
        {
            nanoseconds += number * factor as f64;
        }
        rest = behind;
    }
    Duration::try_from_secs_f64(nanoseconds / 1e9).map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expires_has_days_and_words() {
        for (text, hours) in [
            ("30d", 720),
            ("30days", 720),
            ("30 days", 720),
            ("1w 2d", 216),
            ("2weeks", 336),
            ("1.5d", 36),
            ("90m", 0),
            ("+1day", 24),
        ] {
            let read = expires(text).unwrap();
            let expected = match hours {
                0 => Duration::from_mins(90),
                hours => Duration::from_hours(hours),
            };
            assert_eq!(read, expected, "{text}");
        }
        for text in [
            "", "30", "d", "30 moons", "30dd", "1.2.3d", "-3d", "3d-1d", "9e9d",
        ] {
            assert!(expires(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn timeouts_are_of_go() {
        assert_eq!(timeout("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(timeout("30000000000"), Ok(Duration::from_secs(30)));
        for text in ["", "1d", "30 s", "5 minutes", "-3s", "soon"] {
            assert!(timeout(text).is_err(), "{text:?}");
        }
    }
}
