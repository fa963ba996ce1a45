//! Which clusters, families and functions are looked at, and how many versions of each count.

use super::findings::{Findings, Section};
use crate::config::KeepRule;

/// The sections of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sections<'a> {
    /// The word of the block: `cluster`.
    pub(super) block: &'static str,
    /// Empty: everything is looked at.
    pub(super) rules: &'a [KeepRule],
    /// How many versions count where there is no section.
    pub(super) default: u32,
}

impl<'a> Sections<'a> {
    /// How many versions of this name count, by the first section that covers it; `None` where none
    /// does. Every section that covers it is noted as one that matches something.
    pub(super) fn keep(&self, name: &str, findings: &Findings) -> Option<usize> {
        let covers = |rule: &&KeepRule| rule.pattern.covers(name);
        for rule in self.rules.iter().filter(covers) {
            findings.matched(self.name(rule));
        }
        let keep = match self.rules {
            [] => self.default,
            rules => rules.iter().find(covers)?.keep,
        };
        Some(usize::try_from(keep).unwrap_or(usize::MAX))
    }

    /// The names of the sections.
    pub(super) fn names(self) -> impl Iterator<Item = Section> + 'a {
        self.rules.iter().map(move |rule| self.name(rule))
    }

    fn name(&self, rule: &KeepRule) -> Section {
        format!("{} \"{}\"", self.block, rule.pattern)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_section_that_covers_a_name_counts() {
        let rule = |pattern: &str, keep| KeepRule {
            pattern: pattern.parse().unwrap(),
            keep,
        };
        let rules = [rule("prod-*", 3), rule("*-web", 1), rule("none", 1)];
        let sections = Sections {
            block: "cluster",
            rules: &rules,
            default: 2,
        };
        let findings = Findings::new("", "");
        assert_eq!(sections.keep("prod-web", &findings), Some(3));
        assert_eq!(sections.keep("default", &findings), None);
        let matched = findings.finish().matched;
        let names: Vec<Section> = sections.names().collect();
        assert_eq!(
            matched.into_iter().collect::<Vec<_>>(),
            ["cluster \"*-web\"", "cluster \"prod-*\""]
        );
        assert_eq!(names.len(), 3);
        let all = Sections {
            rules: &[],
            ..sections
        };
        assert_eq!(all.keep("default", &Findings::new("", "")), Some(2));
    }
}
