//! Reasons of a plan in words: one fragment each, without a capital letter and a full stop. The same words are in tables,
//! in files and in explanations.

use std::fmt;

use super::{Allowance, Change, KeepReason, Link, Refusal, RemoveReason, SkipReason};
use crate::image::Digest;

impl fmt::Display for KeepReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { by, tag: None } => write!(f, "in use by {by}"),
            Self::InUse { by, tag: Some(tag) } => write!(f, "in use by {by}, as tag {tag}"),
            Self::Tag { tag, pattern } if tag == pattern => {
                write!(f, "tag {tag} is in keep_tags")
            }
            Self::Tag { tag, pattern } => write!(f, "tag {tag} matches {pattern} of keep_tags"),
            Self::Newest { rank: 1, .. } => f.write_str("the newest release"),
            Self::Newest { rank, of } => write!(f, "release {rank} of the newest {of}"),
            Self::AmongNewest { of } => {
                write!(f, "no older than the newest {of} releases")
            }
            Self::SubjectInUse { subject, by } => {
                write!(f, "about {}, in use by {by}", Short(*subject))
            }
            Self::NotExpired { age, limit } => {
                write!(f, "{} old, kept for {}", span(*age), span(*limit))
            }
            Self::Young {
                age: Some(age),
                limit,
            } => write!(
                f,
                "{} old, and nothing goes before {}",
                span(*age),
                span(*limit)
            ),
            Self::Young { age: None, .. } => f.write_str("its age is not known"),
            Self::NoRule => f.write_str("no rule lets it go"),
            Self::CacheBranch { tag } => {
                write!(f, "cache {tag}, whose branch is not known to be gone")
            }
            Self::CacheNotExpired { age, limit } => {
                write!(f, "cache, {} old, kept for {}", span(*age), span(*limit))
            }
            Self::Unknown { media_type } if media_type.is_empty() => {
                f.write_str("it is not known what it is")
            }
            Self::Unknown { media_type } => write!(f, "its type is not known: {media_type}"),
            Self::Unreadable { why } => write!(f, "it could not be read: {why}"),
            Self::MaybePart { of } => {
                write!(f, "maybe a part of {}, which could not be read", Short(*of))
            }
            Self::Archived => f.write_str("it is in the archive already"),
            Self::Status { status } => write!(f, "its status is {status}"),
            Self::NotInSavedPlan => f.write_str("it would go, and is not in the saved plan"),
            Self::Part { of, link } => write!(f, "{} {}", link.words(), Short(*of)),
        }
    }
}

impl fmt::Display for RemoveReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired {
                age: Some(age),
                rank,
            } => write!(f, "not in use, release {rank}, {} old", span(*age)),
            Self::Expired { age: None, rank } => write!(f, "not in use, release {rank}"),
            Self::Untagged { age } => {
                write!(f, "no tag and part of nothing, {} old", span(*age))
            }
            Self::Cache { age } => write!(f, "cache, {} old", span(*age)),
            Self::Part { of, link } => {
                write!(f, "{} {}, which goes", link.words(), Short(*of))
            }
            Self::Orphan { subject, age } => write!(
                f,
                "about {}, which is not there, {} old",
                Short(*subject),
                span(*age)
            ),
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { by } => write!(f, "in use now by {by}"),
            Self::Changed {
                change: Change::Tagged { tag },
            } => write!(f, "it has got the tag {tag} since"),
            Self::Changed {
                change: Change::Pulled,
            } => f.write_str("it was pulled since"),
            Self::Changed {
                change: Change::Pushed,
            } => f.write_str("it was pushed again since"),
            Self::Changed {
                change: Change::Status,
            } => f.write_str("it went into the archive or out of it since"),
            Self::Listed => f.write_str("ECR still finds it in an index"),
            Self::PartOf { of } => write!(f, "it belongs to {}, which stays", Short(*of)),
            Self::Rule { keep } => keep.fmt(f),
            Self::LastTag => f.write_str("it is the last tag of its image now"),
        }
    }
}

impl Refusal {
    /// The allowance that covers this case, and as few others as can be: `nothing-in-use:tools`.
    pub fn allowance(&self) -> String {
        let plain = format!("{}:{}", self.code, self.name);
        let covers = |text: &str| {
            text.parse::<Allowance>()
                .is_ok_and(|allowance| allowance.covers(self))
        };
        if covers(&plain) {
            return plain;
        }
        // A name that is no pattern of itself, as that of a section with brackets.
        let mut escaped = format!("{}:", self.code);
        for character in self.name.chars() {
            if "*?[]\\{}".contains(character) {
                escaped.push('\\');
            }
            escaped.push(character);
        }
        if covers(&escaped) {
            return escaped;
        }
        format!("{}:*", self.code)
    }
}

impl Link {
    /// What stands before the other manifest: `part of index`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Child => "part of index",
            Self::Subject => "about",
            Self::SubjectTag => "by its tag about",
            Self::SociOf => "SOCI index of",
            Self::AttestationOf => "attestations of",
            Self::Staging => "by its tags a part of",
        }
    }
}

/// A digest that people can still find: `sha256:0123456789ab`.
#[derive(Clone, Copy, Debug)]
pub struct Short(pub Digest);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.0.short())
    }
}

/// Seconds as the largest unit that says enough: `93 d`, `36 h`, `5 min`, `20 s`.
pub fn span(seconds: u64) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match seconds {
        0..MINUTE => format!("{seconds} s"),
        MINUTE..HOUR => format!("{} min", seconds / MINUTE),
        // A limit of a day is written as a day; two days and an hour are 49 h to nobody.
        HOUR.. if seconds < 2 * DAY && !seconds.is_multiple_of(DAY) => {
            format!("{} h", seconds / HOUR)
        }
        _ => format!("{} d", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::{RefusalCode, RefusalSubject, Source, UsedBy};

    #[test]
    fn reasons_are_fragments() {
        let of = Digest::of("index");
        let short = of.short();
        let by = UsedBy {
            source: Source::Service,
            name: "prod/web, task definition web:12".to_owned(),
        };
        let day = 86_400;
        for (reason, words) in [
            (
                KeepReason::InUse {
                    by: by.clone(),
                    tag: None,
                },
                "in use by service prod/web, task definition web:12".to_owned(),
            ),
            (
                KeepReason::InUse {
                    by,
                    tag: Some("v1".to_owned()),
                },
                "in use by service prod/web, task definition web:12, as tag v1".to_owned(),
            ),
            (
                KeepReason::Newest { rank: 3, of: 10 },
                "release 3 of the newest 10".to_owned(),
            ),
            (
                KeepReason::Young {
                    age: Some(5 * 3600),
                    limit: day,
                },
                "5 h old, and nothing goes before 1 d".to_owned(),
            ),
            (
                KeepReason::Part {
                    of,
                    link: Link::Child,
                },
                format!("part of index sha256:{short}"),
            ),
        ] {
            assert_eq!(reason.to_string(), words);
        }
        let gone = RemoveReason::Expired {
            age: Some(93 * day),
            rank: 12,
        };
        assert_eq!(gone.to_string(), "not in use, release 12, 93 d old");
    }

    #[test]
    fn every_case_can_be_allowed_as_it_is_told() {
        for (name, text) in [
            ("tools", "matches-nothing:tools"),
            ("cluster \"prod-*\"", "matches-nothing:cluster \"prod-*\""),
            (
                "cluster \"[ab]-*\"",
                "matches-nothing:cluster \"\\[ab\\]-\\*\"",
            ),
            ("", "matches-nothing:*"),
        ] {
            let subject = RefusalSubject::Everything;
            let refusal = Refusal::new(RefusalCode::MatchesNothing, name, subject, "x");
            assert_eq!(refusal.allowance(), text);
            let allowance = text.parse::<Allowance>().unwrap();
            assert!(allowance.covers(&refusal), "{text}");
        }
    }

    #[test]
    fn spans_have_one_unit() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3599, "59 min"),
            (7200, "2 h"),
            (86_400, "1 d"),
            (86_401, "24 h"),
            (2 * 86_400 + 5, "2 d"),
            (93 * 86_400, "93 d"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
