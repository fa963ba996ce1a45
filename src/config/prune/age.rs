//! Ages as the block writes them: weeks, days and hours. A day has 24 hours here.

use std::time::Duration;

use jiff::Span;

/// The shortest: what is younger may be a push that is under way.
const SHORTEST: Duration = Duration::from_hours(1);
/// A longer one would be a slip.
const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// Reads `90d`, `2w`, `36h` or `1d 12h`; why not otherwise, as a fragment.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let span: Span = text
        .trim()
        .parse()
        .map_err(|_| format!("{text:?} is no duration"))?;
    if span.is_negative() {
        return Err(format!("{text:?} is negative"));
    }
    if span.get_years() != 0 || span.get_months() != 0 {
        return Err(format!(
            "{text:?} has no fixed length: months and years differ"
        ));
    }
    let below_hours = span.get_minutes() != 0
        || span.get_seconds() != 0
        || span.get_milliseconds() != 0
        || span.get_microseconds() != 0
        || span.get_nanoseconds() != 0;
    if below_hours {
        return Err(format!(
            "{text:?} has minutes or seconds (m is a minute, not a month)"
        ));
    }
    // None of them is negative, and jiff's bounds are far from those of an i64.
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let hours = u64::try_from(days * 24 + i64::from(span.get_hours())).unwrap_or_default();
    // jiff's longest span has far fewer seconds than a u64 holds.
    let age = Duration::from_secs(hours.saturating_mul(3600));
    if age < SHORTEST {
        return Err(format!("{text:?} is less than an hour"));
    }
    if age > LONGEST {
        return Err(format!("{text:?} is more than 100 years"));
    }
    Ok(age)
}

/// The form that [`parse`] reads back: `90d`, `36h`. Rounded up to whole hours.
pub(crate) fn show(age: Duration) -> String {
    let hours = age.as_secs().div_ceil(3600);
    match hours {
        hours if hours > 0 && hours.is_multiple_of(24) => format!("{}d", hours / 24),
        hours => format!("{hours}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_weeks_days_and_hours() {
        for (text, hours, shown) in [
            ("90d", 90 * 24, "90d"),
            ("2w", 14 * 24, "14d"),
            ("36h", 36, "36h"),
            ("1d 12h", 36, "36h"),
            ("1w2d", 9 * 24, "9d"),
            (" 30 days ", 30 * 24, "30d"),
            ("1h", 1, "1h"),
            ("876000h", 876_000, "36500d"),
        ] {
            let age = Duration::from_hours(hours);
            assert_eq!(parse(text), Ok(age), "{text}");
            assert_eq!(show(age), shown);
            assert_eq!(parse(shown), Ok(age));
        }
        assert_eq!(show(Duration::from_secs(3601)), "2h");
    }

    #[test]
    fn what_is_no_age_is_refused() {
        for (text, says) in [
            ("", "\"\" is no duration"),
            ("90", "\"90\" is no duration"),
            ("soon", "\"soon\" is no duration"),
            ("-90d", "\"-90d\" is negative"),
            ("90d ago", "\"90d ago\" is negative"),
            ("0d", "\"0d\" is less than an hour"),
            (
                "3mo",
                "\"3mo\" has no fixed length: months and years differ",
            ),
            ("1y", "\"1y\" has no fixed length: months and years differ"),
            (
                "90m",
                "\"90m\" has minutes or seconds (m is a minute, not a month)",
            ),
            (
                "1.5h",
                "\"1.5h\" has minutes or seconds (m is a minute, not a month)",
            ),
            ("36501d", "\"36501d\" is more than 100 years"),
            (
                "99999999999999999999d",
                "\"99999999999999999999d\" is no duration",
            ),
        ] {
            assert_eq!(parse(text), Err(says.to_owned()), "{text}");
        }
    }
}
