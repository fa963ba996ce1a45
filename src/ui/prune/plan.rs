//! A plan as a table: a row per repository, the sums, and what was found and asked.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::prune::{CallCounts, EcrRegistry, Plan, RepositoryPlan, Source, SourceCount, Totals};
use crate::ui::style::Style;

use super::WIDTH;
use super::amounts::{count, list, number, size, wrapped};
use super::cases;
use super::columns::{Cell, table};

/// With more repositories than this, those in which nothing happens are only counted.
const IDLE_SHOWN: usize = 20;

/// The whole plan but its images. `calls` are those that it took.
pub fn prune_table(plan: &Plan, calls: &CallCounts, style: Style) -> String {
    let mut sections = Vec::new();
    sections.extend(repositories(plan, style));
    sections.push(sums(plan, style));
    sections.push(cases::cases(cases::of_plan(plan), style));
    let here = plan.repositories.iter().flat_map(|one| {
        let name = &one.repository;
        one.warnings
            .iter()
            .map(move |text| format!("{name}: {text}"))
    });
    let warnings: Vec<String> = plan.warnings.iter().cloned().chain(here).collect();
    sections.push(cases::warnings(warnings.iter().map(String::as_str), style));
    let mut facts = sources(&plan.sources);
    facts.push_str(&call_line(calls));
    sections.push(facts.lines().map(|line| style.dim(line) + "\n").collect());
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

/// A table per registry.
fn repositories(plan: &Plan, style: Style) -> Vec<String> {
    let all = plan.repositories.len() <= IDLE_SHOWN;
    let mut registries: BTreeMap<&EcrRegistry, Vec<&RepositoryPlan>> = BTreeMap::new();
    for one in &plan.repositories {
        let of = registries.entry(&one.repository.registry).or_default();
        of.push(one);
    }
    let tables = registries.iter().map(|(registry, repositories)| {
        let shown = repositories
            .iter()
            .filter(|one| all || !one.is_empty() || !one.refusals.is_empty());
        let rows: Vec<Vec<Cell>> = shown.map(|one| row(plan, one)).collect();
        let idle = repositories.len() - rows.len();
        let mut text = format!("{}\n", style.bold(registry));
        if !rows.is_empty() {
            text.push_str(&table(
                &[
                    "REPOSITORY",
                    "KEPT",
                    "REMOVED",
                    "MANIFESTS",
                    "FREED",
                    "TAGS",
                    "",
                ],
                &rows,
                2,
                WIDTH,
                style,
            ));
        }
        if idle > 0 {
            let more = if rows.is_empty() { "" } else { "more " };
            let noun = format!("{more}repository");
            let _ = writeln!(
                text,
                "  {}",
                style.dim(format!(
                    "{} without anything to remove",
                    count(idle as u64, &noun)
                ))
            );
        }
        text
    });
    tables.collect()
}

fn row(plan: &Plan, one: &RepositoryPlan) -> Vec<Cell> {
    let sizes = &one.sizes;
    let amount = |amount: u64| match amount {
        0 => Cell::quiet("-"),
        amount => Cell::right(number(amount)),
    };
    let removed = &sizes.removed;
    let kept = sizes.total.releases.saturating_sub(removed.releases);
    let state = if one.is_refused() || (plan.is_refused_everywhere() && !one.is_empty()) {
        Cell::bad("refused")
    } else if !one.refusals.is_empty() && !one.is_empty() {
        Cell::odd("allowed")
    } else if one.archive && !one.is_empty() {
        Cell::left("archived")
    } else {
        Cell::left("")
    };
    vec![
        Cell::left(&one.repository.name),
        amount(kept),
        amount(removed.releases),
        amount(removed.manifests),
        match removed.bytes {
            0 => Cell::quiet("-"),
            bytes => Cell::right(size(bytes)),
        },
        amount(sizes.tags),
        state,
    ]
}

/// What goes, in numbers.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    repositories: u64,
    removed: Totals,
    tags: u64,
}

impl Sum {
    fn add(&mut self, one: &RepositoryPlan) {
        let removed = &one.sizes.removed;
        self.repositories += 1;
        self.removed.manifests += removed.manifests;
        self.removed.releases += removed.releases;
        self.removed.bytes += removed.bytes;
        self.tags += one.sizes.tags;
    }

    /// `1 release (4 manifests, 300.0 MiB) and 1 tag`.
    fn words(&self) -> String {
        let mut parts = Vec::new();
        let Totals {
            manifests,
            releases,
            bytes,
        } = self.removed;
        if manifests > 0 {
            let bytes = match bytes {
                0 => String::new(),
                bytes => format!(", {}", size(bytes)),
            };
            parts.push(match releases {
                0 => format!("{}{bytes}", count(manifests, "manifest")),
                _ => format!(
                    "{} ({}{bytes})",
                    count(releases, "release"),
                    count(manifests, "manifest")
                ),
            });
        }
        if self.tags > 0 {
            parts.push(count(self.tags, "tag"));
        }
        list(&parts)
    }
}

/// What goes, by what happens to it: deleted, archived, held back.
fn sum_by_fate(plan: &Plan) -> [Sum; 3] {
    let mut sums = [Sum::default(); 3];
    for one in plan.repositories.iter().filter(|one| !one.is_empty()) {
        let fate = match (plan.may_apply(one), one.archive) {
            (false, _) => 2,
            (true, true) => 1,
            (true, false) => 0,
        };
        sums[fate].add(one);
    }
    sums
}

/// What an apply of the plan would do, as a question asks it: `delete 1 release (…) from 1 repository`. `None`: nothing.
pub fn prune_deed(plan: &Plan) -> Option<String> {
    let [deleted, archived, _] = sum_by_fate(plan);
    let deeds = [("delete", deleted), ("archive", archived)];
    let deeds = deeds.iter().filter(|(_, sum)| sum.repositories > 0);
    let deeds: Vec<String> = deeds
        .map(|(deed, sum)| {
            let of = count(sum.repositories, "repository");
            let words = sum.words();
            match *deed {
                "delete" => format!("delete {words} from {of}"),
                deed => format!("{deed} {words} of {of}"),
            }
        })
        .collect();
    (!deeds.is_empty()).then(|| list(&deeds))
}

fn sums(plan: &Plan, style: Style) -> String {
    let mut text = String::new();
    let all = count(plan.repositories.len() as u64, "repository");
    let kept = plan.repositories.iter().map(|one| {
        let sizes = &one.sizes;
        sizes.total.releases.saturating_sub(sizes.removed.releases)
    });
    let kept = count(kept.sum(), "release");
    let line = match prune_deed(plan) {
        Some(deed) => format!("Would {deed}. {kept} in {all} stay."),
        None => format!("Nothing to remove; {kept} in {all} stay."),
    };
    text.push_str(&wrapped(&line, 0, WIDTH));
    let [deleted, archived, held] = sum_by_fate(plan);
    if held.repositories > 0 {
        let of = count(held.repositories, "repository");
        let words = held.words();
        let line = format!("Held back: {words} in {of}.");
        for line in wrapped(&line, 0, WIDTH).lines() {
            let _ = writeln!(text, "{}", style.red(line));
        }
    }
    let bytes = [deleted, archived, held].map(|sum| sum.removed.bytes);
    let exact = plan.repositories.iter().all(|one| one.sizes.exact);
    if bytes != [0, 0, 0] && !exact {
        let note = "Sizes are those of ECR, in which images that share layers each have them; \
                    --exact-size counts every layer once.";
        for line in wrapped(note, 0, WIDTH).lines() {
            let _ = writeln!(text, "{}", style.dim(line));
        }
    }
    text
}

/// `In use: 14 services and 23 tasks in 2 regions.`
fn sources(sources: &[SourceCount]) -> String {
    let mut found: BTreeMap<Source, u64> = BTreeMap::new();
    let mut regions = BTreeSet::new();
    let mut accounts = BTreeSet::new();
    for one in sources {
        *found.entry(one.source).or_default() += one.found as u64;
        if !one.region.is_empty() {
            regions.insert(&one.region);
            accounts.insert(&one.account);
        }
    }
    let parts = found.iter().filter(|(_, found)| **found > 0);
    let parts: Vec<String> = parts
        .map(|(source, found)| count(*found, source.label()))
        .collect();
    let mut places = Vec::new();
    if accounts.len() > 1 {
        places.push(count(accounts.len() as u64, "account"));
    }
    if !regions.is_empty() {
        places.push(count(regions.len() as u64, "region"));
    }
    let places = match places.as_slice() {
        [] => String::new(),
        places => format!(" in {}", list(places)),
    };
    let what = match parts.as_slice() {
        [] if sources.is_empty() => return String::new(),
        [] => {
            let text = format!("Nothing that could use images was found{places}.");
            return wrapped(&text, 0, WIDTH);
        }
        parts => list(parts),
    };
    wrapped(
        &format!("Uses were looked for in {what}{places}."),
        0,
        WIDTH,
    )
}

/// `15 calls: 12 ecr:DescribeImages and 3 ecr:BatchGetImage.` Nothing without calls.
pub(super) fn call_line(calls: &CallCounts) -> String {
    let total: u64 = calls.values().sum();
    if total == 0 {
        return String::new();
    }
    let mut sorted: Vec<(&String, &u64)> = calls.iter().collect();
    sorted.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    let parts: Vec<String> = sorted
        .iter()
        .map(|(operation, calls)| format!("{} {operation}", number(**calls)))
        .collect();
    let text = format!("{}: {}.", count(total, "call"), list(&parts));
    wrapped(&text, 0, WIDTH)
}
