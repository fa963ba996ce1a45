//! How bad a finding is: one scale for all scanners.
//!
//! The names are ECR's; Trivy's and those of other tools are put where they belong. Two decisions
//! are taken here. What nobody has rated yet (`UNDEFINED` and `UNTRIAGED` of ECR, `UNKNOWN` of
//! Trivy) stands lowest: it is counted and shown, and fails only a gate that asks for it by
//! `severity = "UNDEFINED"`. A word that is in no list of ours stands highest: a rating that a
//! scanner has added since must not pass because it is new.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A finding's severity, the lowest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nobody has rated it.
    Undefined,
    /// Of no consequence by itself.
    Informational,
    /// Low.
    Low,
    /// Medium.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl Severity {
    /// All, the highest first.
    pub const ALL: [Self; 6] = [
        Self::Critical,
        Self::High,
        Self::Medium,
        Self::Low,
        Self::Informational,
        Self::Undefined,
    ];

    /// `CRITICAL`, as ECR writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Critical => "CRITICAL",
            Self::High => "HIGH",
            Self::Medium => "MEDIUM",
            Self::Low => "LOW",
            Self::Informational => "INFORMATIONAL",
            Self::Undefined => "UNDEFINED",
        }
    }

    /// A severity as people write it in settings: one of the names, in any case, or one of the
    /// other words for what nobody has rated. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let word = text.trim().to_ascii_uppercase();
        match word.as_str() {
            "UNTRIAGED" | "UNKNOWN" => Some(Self::Undefined),
            _ => Self::ALL.into_iter().find(|one| one.name() == word),
        }
    }

    /// What a scanner says. Everything means something: see the module's head.
    pub fn read(word: &str) -> Self {
        match word.trim().to_ascii_uppercase().as_str() {
            "" | "NONE" => Self::Undefined,
            "NEGLIGIBLE" | "INFO" => Self::Informational,
            "MODERATE" => Self::Medium,
            "IMPORTANT" => Self::High,
            word => Self::parse(word).unwrap_or(Self::Critical),
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Severity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::read(&String::deserialize(deserializer)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_the_documented_one() {
        assert!(Severity::ALL.is_sorted_by(|a, b| a > b));
        let names = Severity::ALL.map(Severity::name).join(" ");
        assert_eq!(names, "CRITICAL HIGH MEDIUM LOW INFORMATIONAL UNDEFINED");
    }

    #[test]
    fn unrated_is_lowest_and_unheard_of_is_highest() {
        for word in ["UNDEFINED", "UNTRIAGED", "UNKNOWN", "", "none"] {
            assert_eq!(Severity::read(word), Severity::Undefined, "{word}");
        }
        assert_eq!(Severity::read("Negligible"), Severity::Informational);
        assert_eq!(Severity::read("high"), Severity::High);
        assert_eq!(Severity::read("CATASTROPHIC"), Severity::Critical);
    }

    #[test]
    fn settings_take_only_known_words() {
        assert_eq!(Severity::parse("medium"), Some(Severity::Medium));
        assert_eq!(Severity::parse("UNTRIAGED"), Some(Severity::Undefined));
        assert_eq!(Severity::parse("CATASTROPHIC"), None);
        assert_eq!(Severity::parse(""), None);
    }
}
