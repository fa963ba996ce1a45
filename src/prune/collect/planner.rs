//! From places and uses to a [`Plan`]: every repository that a rule covers is read, decided about, and forgotten
//! again, several at once.
//!
//! Uses are collected before the repositories are read, so an image that comes into use in between is not known to be:
//! that of a push is too young to go (`untagged`), and an older one is saved by `apply`, which asks again right
//! before each batch. The other order would leave the same gap the other way round: a tag that is in use would be
//! looked up in a list that is older than the use.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures::stream::{self, StreamExt as _};
use jiff::Timestamp;

use super::registries::Registries;
use super::{Found, expiry, find, in_use, read_repository};
use crate::aws::{AwsError, AwsErrorKind};
use crate::config::PruneSettings;
use crate::prune::{
    Event, InUse, NamePattern, Observer, Place, Plan, Policy, Refusal, RefusalCode, RefusalSubject,
    RepositoryPlan, Sizes, UsesIndex, decide, refuse, refuse_run,
};

/// How many repositories are read and decided about at once: each holds its whole list in memory.
const REPOSITORIES: usize = 8;

/// Plans every repository that a rule covers, or of these those that one of `only` covers. What did not load is in the
/// plan as a refusal; nothing else fails.
///
/// With `exact`, sizes are of layers, for which every image has to be read. `now` is the time that ages count to.
pub async fn plan(
    places: &[Place],
    settings: &PruneSettings,
    only: &[NamePattern],
    in_use: InUse,
    now: Timestamp,
    observer: &dyn Observer,
    exact: bool,
) -> Plan {
    let rules = RuleIndex { settings, only };
    let registries = find(places, rules.names().as_deref()).await;
    let mut plan = Plan {
        created_at: now,
        repositories: Vec::new(),
        refusals: Vec::new(),
        sources: in_use.sources.clone(),
        warnings: Vec::new(),
    };
    let refusals = in_use.refusals.iter().cloned();
    let refusals = refusals.chain(rules.refusals(&registries));
    plan.refusals = refusals.map(|one| one.judged(&settings.allow)).collect();
    plan.warnings.clone_from(&in_use.warnings);
    plan.warnings.extend(rules.shadowed(&registries));
    let chosen: Vec<(&Found, &Policy)> = registries
        .found
        .values()
        .filter_map(|found| Some((found, rules.policy(&found.id.name)?)))
        .collect();
    observer.tell(&Event::Repositories {
        count: chosen.len(),
    });
    let uses = UsesIndex::new(&in_use);
    let unknown: Mutex<BTreeMap<String, AwsError>> = Mutex::default();
    let work = chosen.into_iter().map(async |(found, policy)| {
        let read = read_repository(found, exact, observer).await;
        let plan = match read {
            Ok(repository) => {
                let uses = uses.of(&found.id);
                let mut plan = decide(&repository, uses, policy, now);
                refuse(&mut plan, &repository, uses, policy, &settings.allow);
                drop(repository);
                if let Err(error) = expiry::warn(found, &mut plan, now).await {
                    // Most likely none of them can be asked for, and for the same reason: one is told.
                    let mut unknown = unknown.lock().unwrap_or_else(PoisonError::into_inner);
                    unknown.entry(error.region.clone()).or_insert(error);
                }
                plan
            }
            // Somebody deleted it since it was listed: nothing of it is left.
            Err(error) if error.kind == AwsErrorKind::RepositoryNotFound => return None,
            Err(error) => unlisted(found, policy, &error, settings),
        };
        observer.tell(&Event::Planned { plan: &plan });
        Some(plan)
    });
    let mut done = stream::iter(work).buffer_unordered(REPOSITORIES);
    while let Some(one) = done.next().await {
        plan.repositories.extend(one);
    }
    drop(done);
    let unknown = unknown.into_inner().unwrap_or_else(PoisonError::into_inner);
    plan.warnings.extend(unknown.values().map(|error| {
        format!("whether lifecycle policies take what is kept here is not known: {error}")
    }));
    plan.repositories
        .sort_by(|a, b| a.repository.cmp(&b.repository));
    refuse_run(&mut plan, settings.max_run_deletions, &settings.allow);
    plan
}

/// The plan of a repository whose list did not load: nothing.
fn unlisted(
    found: &Found,
    policy: &Policy,
    error: &AwsError,
    settings: &PruneSettings,
) -> RepositoryPlan {
    let subject = RefusalSubject::Repository(found.id.clone());
    let problem = in_use::told(error);
    let detail = format!("the images cannot be listed and read: {problem}");
    let refusal = Refusal::new(RefusalCode::ListFailed, error.action, subject, detail)
        .temporary(error.may_pass());
    RepositoryPlan {
        repository: found.id.clone(),
        archive: policy.archive,
        images: Vec::new(),
        waves: Vec::new(),
        refusals: vec![refusal.judged(&settings.allow)],
        warnings: Vec::new(),
        sizes: Sizes::default(),
    }
}

/// Which rule a repository is under.
#[derive(Clone, Copy, Debug)]
pub(in crate::prune) struct RuleIndex<'a> {
    /// The rules.
    pub(in crate::prune) settings: &'a PruneSettings,
    /// The repositories of this run; empty: all that a rule covers.
    pub(in crate::prune) only: &'a [NamePattern],
}

impl<'a> RuleIndex<'a> {
    /// The policy of a repository: that of the first rule that covers it.
    pub(in crate::prune) fn policy(&self, name: &str) -> Option<&'a Policy> {
        let wanted = self.only.is_empty() || self.only.iter().any(|one| one.covers(name));
        let rule = self.settings.rule(name);
        rule.filter(|_| wanted).map(|rule| &rule.policy)
    }

    /// The names to ask for; `None` where patterns are wanted, and so everything has to be listed.
    fn names(&self) -> Option<Vec<String>> {
        let patterns: Vec<&NamePattern> = if self.only.is_empty() {
            let rules = self.settings.repositories.iter();
            rules.map(|rule| &rule.pattern).collect()
        } else {
            self.only.iter().collect()
        };
        let mut names: Vec<String> = Vec::new();
        for pattern in patterns {
            if !pattern.is_exact() {
                return None;
            }
            names.push(pattern.as_str().to_owned());
        }
        names.sort();
        names.dedup();
        Some(names)
    }

    fn refusals(&self, registries: &Registries) -> Vec<Refusal> {
        let failed = registries.failed.iter().map(|(account, error)| {
            let of = match account.as_str() {
                "" => String::new(),
                account => format!(" of account {account:?}"),
            };
            // None of its repositories is in the plan, so that there is nothing else to hold.
            Refusal::new(
                RefusalCode::ListFailed,
                error.action,
                RefusalSubject::Nothing,
                format!(
                    "the repositories{of} cannot be listed in {}: {}",
                    error.region,
                    in_use::told(error)
                ),
            )
            .temporary(error.may_pass())
        });
        let mut refusals: Vec<Refusal> = failed.collect();
        // What did not load may have what is missing here.
        if !refusals.is_empty() {
            return refusals;
        }
        let there = |pattern: &NamePattern| {
            let mut found = registries.found.keys();
            found.any(|id| pattern.covers(&id.name))
        };
        let nothing = |name: String, detail: String| {
            let subject = RefusalSubject::Nothing;
            Refusal::new(RefusalCode::MatchesNothing, name, subject, detail)
        };
        if self.only.is_empty() {
            for rule in &self.settings.repositories {
                if !there(&rule.pattern) {
                    let name = format!("repository {:?}", rule.pattern.as_str());
                    refusals.push(nothing(name, "no repository has such a name".to_owned()));
                }
            }
        }
        for pattern in self.only {
            let covered = |id: &crate::prune::EcrRepository| {
                pattern.covers(&id.name) && self.settings.rule(&id.name).is_some()
            };
            if !registries.found.keys().any(covered) {
                let detail = if there(pattern) {
                    "no rule of the configuration covers it"
                } else {
                    "no repository has such a name"
                };
                refusals.push(nothing(pattern.to_string(), detail.to_owned()));
            }
        }
        refusals
    }

    /// Rules that no repository is under, because earlier ones cover all that they could.
    fn shadowed(&self, registries: &Registries) -> Vec<String> {
        let mut warnings = Vec::new();
        for rule in &self.settings.repositories {
            let names = registries.found.keys().map(|id| id.name.as_str());
            let mut covered = names.filter(|name| rule.pattern.covers(name)).peekable();
            let used = |name: &str| {
                self.settings
                    .rule(name)
                    .is_some_and(|first| std::ptr::eq(first, rule))
            };
            if self.only.is_empty() && covered.peek().is_some() && !covered.any(used) {
                warnings.push(format!(
                    "repository {:?} is never used: the blocks before it cover every repository that it matches",
                    rule.pattern.as_str()
                ));
            }
        }
        warnings
    }
}
