//! A first `prune` block, from what an account holds: cautious values, and comments that say what each does.
//! Looking is the caller's work.

use std::collections::{BTreeMap, BTreeSet};

use super::hcl::{aligned, comment, list, quoted};
use super::{KeepReason, Kind, RepositoryPlan, Verdict};

/// Tags that people move from release to release, so that the image under them is in use by agreement.
const MOVING: [&str; 10] = [
    "latest",
    "stable",
    "main",
    "master",
    "production",
    "prod",
    "staging",
    "stg",
    "develop",
    "dev",
];
/// How many names a comment lists.
const SHOWN: usize = 5;

/// What was found. Names may be there more than once, as in several accounts and regions they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The regions that were looked at.
    pub regions: Vec<String>,
    /// Every repository.
    pub repositories: Vec<FoundRepository>,
    /// The names of clusters.
    pub clusters: Vec<String>,
    /// How many task definition families there are.
    pub families: usize,
    /// How many Lambda functions run an image.
    pub functions: usize,
    /// What could not be listed: `ecs:ListServices in eu-west-1`. Something there may use any image.
    pub missing: BTreeSet<String>,
}

/// What was found in one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundRepository {
    /// Its name: `shop/web`.
    pub name: String,
    /// How many manifests it holds.
    pub manifests: usize,
    /// How many of them are build caches.
    pub caches: usize,
    /// How many of them something uses.
    pub in_use: usize,
    /// Those of its tags that are moved from release to release.
    pub moving_tags: BTreeSet<String>,
}

impl FoundRepository {
    /// What a plan says of it, whatever policy it was made with.
    pub fn of(plan: &RepositoryPlan) -> Self {
        let images = || plan.images.iter();
        let is_used = |verdict: &Verdict| match verdict {
            Verdict::Keep(reasons) => reasons
                .iter()
                .any(|reason| matches!(reason, KeepReason::InUse { .. })),
            Verdict::Remove(_) => false,
        };
        let tags = images().flat_map(|image| &image.tags);
        Self {
            name: plan.repository.name.clone(),
            manifests: plan.images.len(),
            caches: images().filter(|image| image.kind == Kind::Cache).count(),
            in_use: images().filter(|image| is_used(&image.verdict)).count(),
            moving_tags: tags
                .filter(|tag| MOVING.contains(&tag.as_str()))
                .cloned()
                .collect(),
        }
    }
}

/// The text of the block, with a newline at its end.
pub fn config_text(found: &Found) -> String {
    let mut text = comment(
        "Which images of ECR may go, and where it is looked for what uses them. Written by launchway prune init: \
         change it, look at what launchway prune would do, and let it with launchway prune --apply.",
        0,
    );
    text.push_str("prune {\n");
    regions(&mut text, found);
    releases(&mut text, found);
    caches(&mut text, found);
    text.push_str(&comment(
        "A run that would delete a larger share of a repository deletes nothing there. The first \
         one may have more to delete than that: look at its plan, then raise it once.",
        2,
    ));
    text.push_str("  max_share = \"50%\"\n\n");
    repositories(&mut text, found);
    uses(&mut text, found);
    text.push_str("}\n");
    text
}

fn regions(text: &mut String, found: &Found) {
    let regions: BTreeSet<&str> = found.regions.iter().map(String::as_str).collect();
    if regions.is_empty() {
        return;
    }
    text.push_str(&comment(
        "Repositories, and what uses them, are looked for in all of these.",
        2,
    ));
    text.push_str(&format!("  regions = {}\n\n", list(regions)));
}

fn releases(text: &mut String, found: &Found) {
    text.push_str(&comment(
        "A release (an index with its platforms, attestations, signatures and SOCI indexes) goes when it is none \
         of the newest of its repository, was neither pushed nor released nor pulled for so long, and nothing \
         uses it.",
        2,
    ));
    let attributes = [
        ("keep_releases", "10".to_owned()),
        ("expire", quoted("90d")),
    ];
    text.push_str(&aligned(&attributes, 2));
    let repositories = found.repositories.iter();
    let moving = repositories.flat_map(|repository| &repository.moving_tags);
    let moving: BTreeSet<&str> = moving.map(String::as_str).collect();
    // In the order of the table: `latest` first, and there in any case.
    let tags = MOVING.into_iter();
    let tags = tags.filter(|tag| *tag == "latest" || moving.contains(tag));
    text.push_str(&format!(
        "\n  # Tags whose images are kept for ever.\n  keep_tags = {}\n\n",
        list(tags)
    ));
}

fn caches(text: &mut String, found: &Found) {
    let caches: usize = found.repositories.iter().map(|one| one.caches).sum();
    if caches == 0 {
        return;
    }
    text.push_str(&comment(
        &format!(
            "Build caches: {caches} found. They are kept for so long after their last push or pull, and those of the \
             branches that live, and of none, for ever."
        ),
        2,
    ));
    text.push_str("  cache_expire = \"30d\"\n  # branches   = [\"main\"]\n\n");
}

fn repositories(text: &mut String, found: &Found) {
    // The same name in several places is one.
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unused: BTreeMap<&str, bool> = BTreeMap::new();
    for repository in &found.repositories {
        *by_name.entry(&repository.name).or_default() += repository.manifests;
        // Nothing is deleted where one of them is unused, so each counts.
        // Caches are used by no service anywhere, and that holds nothing.
        let is_unused = repository.in_use == 0 && repository.manifests > repository.caches;
        *unused.entry(&repository.name).or_default() |= is_unused;
    }
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in by_name.keys() {
        let pattern = match name.split_once('/') {
            Some((prefix, _)) => format!("{prefix}/*"),
            None => (*name).to_owned(),
        };
        groups.entry(pattern).or_default().push(name);
    }
    text.push_str(&comment(
        "Repositories that no block covers are left alone; of several the first counts, and has any of the \
         attributes above for itself.",
        2,
    ));
    if groups.is_empty() {
        text.push_str(&comment(
            "None was found. This one covers all that come.",
            2,
        ));
        groups.insert("*".to_owned(), Vec::new());
    }
    for (pattern, names) in groups {
        if pattern.ends_with("/*") {
            let manifests: usize = names.iter().filter_map(|name| by_name.get(name)).sum();
            let line = format!(
                "{}; {}",
                names_shown(&names),
                counted(manifests, "manifest")
            );
            text.push_str(&comment(&line, 2));
        }
        text.push_str(&format!("  repository {} {{}}\n", quoted(&pattern)));
    }
    let unused: Vec<&str> = unused
        .iter()
        .filter(|(_, is_unused)| **is_unused)
        .map(|(name, _)| *name)
        .collect();
    if !unused.is_empty() && !found.missing.is_empty() {
        text.push('\n');
        let missing: Vec<&str> = found.missing.iter().map(String::as_str).collect();
        let line = format!(
            "Nothing that was found uses any image of {}. But not everything could be listed ({}), so they may \
             be in use all the same. Nothing is deleted there; let init look again when it can list everything.",
            names_shown(&unused),
            names_shown(&missing)
        );
        text.push_str(&comment(&line, 2));
    } else if !unused.is_empty() {
        text.push('\n');
        let line = format!(
            "Nothing that was found uses any image of {}. Nothing is deleted there, unless the case is \
             allowed by name:",
            names_shown(&unused)
        );
        text.push_str(&comment(&line, 2));
        let cases = unused.iter().map(|name| format!("nothing-in-use:{name}"));
        let cases: Vec<String> = cases.collect();
        let cases = list(cases.iter().map(String::as_str));
        text.push_str(&format!("  # allow = {cases}\n"));
    }
}

fn uses(text: &mut String, found: &Found) {
    let clusters: BTreeSet<&str> = found.clusters.iter().map(String::as_str).collect();
    let clusters: Vec<&str> = clusters.into_iter().collect();
    let in_clusters = match clusters.len() {
        0 => "0 clusters".to_owned(),
        many => format!("{} ({})", counted(many, "cluster"), names_shown(&clusters)),
    };
    let families = match found.families {
        1 => "1 task definition family".to_owned(),
        many => format!("{many} task definition families"),
    };
    text.push('\n');
    text.push_str(&comment(
        &format!(
            "In use is what services, tasks, task definitions, functions, rules, schedules and job \
             definitions name: of {in_clusters}, {families} and {} so far. Without a block that is all \
             of them, new ones too; a block looks at those alone that it names, and can keep more:",
            counted(found.functions, "function")
        ),
        2,
    ));
    text.push_str("  # cluster \"*\" { rollback = 3 }\n  # family \"*\" { keep = 10 }\n");
    text.push_str("  # function \"*\" { keep = 10 }\n\n");
    text.push_str(&comment(
        "What is used elsewhere can be told by files and commands, and by other accounts, beside that of the \
         process:",
        2,
    ));
    text.push_str("  # references = [\"in-use.json\"]\n");
    text.push_str(
        "  # account \"here\" {}\n  # account \"other\" {\n  #   role         = \"arn:aws:iam::123456789012:role/prune\"\n",
    );
    text.push_str("  #   repositories = false\n  # }\n");
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        many => format!("{many} {noun}s"),
    }
}

fn names_shown(names: &[&str]) -> String {
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::{self, Request};
    use crate::config::{Blocks, PruneSettings};

    fn load(text: &str) -> PruneSettings {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("launchway.hcl"), text).unwrap();
        let bake = bake::load(&Request {
            directory: directory.path().to_owned(),
            targets_optional: true,
            blocks: Blocks::Only(&["prune"]),
            ..Request::default()
        });
        bake.unwrap_or_else(|error| panic!("{error:?}\n{text}"))
            .settings
            .prune
            .unwrap()
    }

    fn repository(name: &str, caches: usize, in_use: usize, tags: &[&str]) -> FoundRepository {
        FoundRepository {
            name: name.to_owned(),
            manifests: 12,
            caches,
            in_use,
            moving_tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        }
    }

    /// A shop with a cache, a tool that nothing uses, and the same name in two regions.
    fn shop() -> Found {
        Found {
            regions: vec!["us-east-1".to_owned(), "ap-northeast-1".to_owned()],
            repositories: vec![
                repository("shop/web", 0, 3, &["prod", "latest"]),
                repository("shop/api", 0, 1, &["staging"]),
                repository("shop/api", 0, 0, &[]),
                repository("shop/cache", 12, 0, &[]),
                repository("tools", 0, 0, &[]),
            ],
            clusters: vec!["prod".to_owned(), "dev".to_owned(), "dev".to_owned()],
            families: 1,
            functions: 3,
            missing: BTreeSet::new(),
        }
    }

    #[test]
    fn what_is_found_becomes_a_block() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/prune_init/shop.hcl");
        let text = config_text(&shop());
        #[expect(clippy::disallowed_methods, reason = "a switch of the test itself")]
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(path).unwrap(), text);
    }

    #[test]
    fn the_block_loads_and_covers_what_was_found() {
        for found in [shop(), Found::default()] {
            let settings = load(&config_text(&found));
            for repository in &found.repositories {
                let covers =
                    |rule: &&crate::config::RepositoryRule| rule.pattern.covers(&repository.name);
                let rule = settings.repositories.iter().find(covers).unwrap();
                assert_eq!(rule.policy.keep_releases, Some(10));
                for tag in &repository.moving_tags {
                    assert!(rule.policy.keep_tags.iter().any(|kept| kept.covers(tag)));
                }
            }
            // A block that names what there is today would not look at what comes tomorrow.
            assert!(settings.uses.clusters.is_empty());
            assert!(settings.allow.is_empty());
        }
        assert_eq!(load(&config_text(&shop())).regions.len(), 2);
    }

    #[test]
    fn what_could_not_be_listed_is_no_reason_to_allow_anything() {
        let missing = "lambda:ListFunctions in us-east-1".to_owned();
        let found = Found {
            missing: [missing].into(),
            ..shop()
        };
        let text = config_text(&found);
        let told = text.replace("\n  # ", " ");
        assert!(told.contains("listed (lambda:ListFunctions in us-east-1), so they may be in use"));
        assert!(told.contains("any image of shop/api, tools. But"), "{text}");
        assert!(!text.contains("nothing-in-use"), "{text}");
        assert!(load(&text).allow.is_empty());
    }

    #[test]
    fn what_is_commented_out_loads_too() {
        let text = config_text(&shop());
        // Comments that are settings begin with a name and a sign.
        let setting = |line: &str| {
            let rest = line.trim_start().strip_prefix("# ")?;
            let is_setting = [
                "branches   =",
                "allow =",
                "cluster \"",
                "family \"",
                "function \"",
                "references =",
                "account \"",
                "  role",
                "  repositories",
                "}",
            ]
            .iter()
            .any(|start| rest.starts_with(start));
            is_setting.then(|| rest.to_owned())
        };
        let mut seen = 0;
        let lines = text.lines().map(|line| match setting(line) {
            Some(setting) => {
                seen += 1;
                setting + "\n"
            }
            None => line.to_owned() + "\n",
        });
        let text: String = lines.collect();
        let settings = load(&text);
        assert_eq!(seen, 11, "{text}");
        assert_eq!(settings.allow.len(), 2);
        assert_eq!(settings.accounts.len(), 2);
    }
}
