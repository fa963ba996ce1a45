//! What became of a plan: a row per repository, what was kept against it, what failed.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::prune::{Applied, CallCounts, EcrRegistry, RepositoryResult};
use crate::ui::style::Style;

use super::WIDTH;
use super::amounts::{count, list, number, wrapped};
use super::cases;
use super::columns::{Cell, table};
use super::plan::call_line;

/// How many images are listed of each kind.
const SHOWN: usize = 20;

/// The result of an apply. `calls` are those of the whole run.
pub fn pruned_table(applied: &Applied, calls: &CallCounts, style: Style) -> String {
    let mut sections = repositories(applied, style);
    sections.push(sums(applied));
    sections.push(lists(applied, style));
    let here = applied.repositories.iter().flat_map(|one| &one.refusals);
    sections.push(cases::cases(applied.refusals.iter().chain(here), style));
    let calls = call_line(calls);
    sections.push(calls.lines().map(|line| style.dim(line) + "\n").collect());
    sections.retain(|section| !section.is_empty());
    sections.join("\n")
}

fn repositories(applied: &Applied, style: Style) -> Vec<String> {
    let mut registries: BTreeMap<&EcrRegistry, Vec<&RepositoryResult>> = BTreeMap::new();
    for one in &applied.repositories {
        let of = registries.entry(&one.repository.registry).or_default();
        of.push(one);
    }
    let archives = applied
        .repositories
        .iter()
        .any(|one| !one.archived.is_empty());
    let mut heads = vec!["REPOSITORY", "DELETED"];
    heads.extend(archives.then_some("ARCHIVED"));
    heads.extend(["TAGS", "GONE", "KEPT", "FAILED", "LEFT", ""]);
    let amount = |amount: usize| match amount {
        0 => Cell::quiet("-"),
        amount => Cell::right(number(amount as u64)),
    };
    let tables = registries.iter().map(|(registry, results)| {
        let rows: Vec<Vec<Cell>> = results
            .iter()
            .map(|one| {
                let mut row = vec![Cell::left(&one.repository.name), amount(one.deleted.len())];
                row.extend(archives.then(|| amount(one.archived.len())));
                row.extend([
                    amount(one.untagged.len()),
                    amount(one.gone.len()),
                    amount(one.skipped.len()),
                    amount(one.failed.len()),
                    amount(one.left),
                    if one.is_refused() {
                        Cell::bad("refused")
                    } else {
                        Cell::left("")
                    },
                ]);
                row
            })
            .collect();
        format!(
            "{}\n{}",
            style.bold(registry),
            table(&heads, &rows, 2, WIDTH, style)
        )
    });
    tables.collect()
}

fn sums(applied: &Applied) -> String {
    let sum = |of: fn(&RepositoryResult) -> usize| -> u64 {
        applied.repositories.iter().map(|one| of(one) as u64).sum()
    };
    let parts: Vec<String> = [
        (sum(|one| one.deleted.len()), "deleted", "manifest"),
        (sum(|one| one.archived.len()), "archived", "manifest"),
        (sum(|one| one.untagged.len()), "removed", "tag"),
    ]
    .into_iter()
    .filter(|(amount, ..)| *amount > 0)
    .map(|(amount, deed, noun)| format!("{deed} {}", count(amount, noun)))
    .collect();
    let mut text = match parts.as_slice() {
        [] => "Nothing was removed.".to_owned(),
        parts => {
            let text = list(parts);
            let mut letters = text.chars();
            let first = letters.next().map(|letter| letter.to_ascii_uppercase());
            format!("{}{}.", first.unwrap_or_default(), letters.as_str())
        }
    };
    let left = sum(|one| one.left);
    if left > 0 {
        let left = match left {
            1 => "1 manifest or tag was".to_owned(),
            left => format!("{} manifests and tags were", number(left)),
        };
        let _ = write!(
            text,
            " {left} not reached; the same command goes on with them."
        );
    }
    wrapped(&text, 0, WIDTH)
}

fn lists(applied: &Applied, style: Style) -> String {
    let mut text = String::new();
    let failed = applied.repositories.iter().flat_map(|one| {
        one.failed.iter().map(move |failed| {
            let what = format!("{}: {}", failed.code, failed.text);
            (one, failed.digest, failed.tag.as_deref(), what)
        })
    });
    push(&mut text, &style.red("Failed"), failed);
    let skipped = applied.repositories.iter().flat_map(|one| {
        one.skipped
            .iter()
            .map(move |kept| (one, kept.digest, kept.tag.as_deref(), kept.why.to_string()))
    });
    push(&mut text, &style.yellow("Kept against the plan"), skipped);
    text
}

fn push<'a>(
    text: &mut String,
    head: &str,
    entries: impl Iterator<
        Item = (
            &'a RepositoryResult,
            crate::image::Digest,
            Option<&'a str>,
            String,
        ),
    >,
) {
    let mut more = 0;
    for (index, (one, digest, tag, what)) in entries.enumerate() {
        if index == 0 {
            if !text.is_empty() {
                text.push('\n');
            }
            let _ = writeln!(text, "{head}");
        }
        if index >= SHOWN {
            more += 1;
            continue;
        }
        let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let name = &one.repository.name;
        let line = format!("{name}{tag}@sha256:{}: {what}", digest.short());
        let lines = wrapped(&line, 4, WIDTH);
        let _ = writeln!(text, "  {}", lines.trim());
    }
    if more > 0 {
        let _ = writeln!(text, "  and {more} more");
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::prune::samples::{digest, list_failed, repository, used_by};
    use crate::prune::{Change, Failed, SkipReason, Skipped, Source};

    fn result(name: &str) -> RepositoryResult {
        RepositoryResult {
            repository: repository(name),
            deleted: Vec::new(),
            archived: Vec::new(),
            gone: Vec::new(),
            untagged: Vec::new(),
            skipped: Vec::new(),
            failed: Vec::new(),
            left: 0,
            refusals: Vec::new(),
        }
    }

    fn shown(applied: &Applied) -> String {
        let calls = CallCounts::from([("ecr:BatchDeleteImage".to_owned(), 2)]);
        pruned_table(applied, &calls, Style::PLAIN)
    }

    #[test]
    fn all_went_well() {
        let mut web = result("shop/web");
        web.deleted = vec![digest("v1"), digest("v1-amd64")];
        web.untagged = vec![(digest("v2"), "old".to_owned())];
        let mut tools = result("tools");
        tools.archived = vec![digest("tools")];
        let applied = Applied {
            repositories: vec![web, tools],
            refusals: Vec::new(),
        };
        assert_snapshot!(shown(&applied), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com
      REPOSITORY  DELETED  ARCHIVED  TAGS  GONE  KEPT  FAILED  LEFT
      shop/web          2         -     1     -     -       -     -
      tools             -         1     -     -     -       -     -

    Deleted 2 manifests, archived 1 manifest and removed 1 tag.

    2 calls: 2 ecr:BatchDeleteImage.
    ");
    }

    #[test]
    fn some_did_not() {
        let mut web = result("shop/web");
        web.deleted = vec![digest("v1")];
        web.skipped = vec![
            Skipped {
                digest: digest("v2"),
                tag: None,
                why: SkipReason::InUse {
                    by: used_by(Source::Task, "prod/0123, container web"),
                },
            },
            Skipped {
                digest: digest("v3"),
                tag: Some("old".to_owned()),
                why: SkipReason::LastTag,
            },
            Skipped {
                digest: digest("v4"),
                tag: None,
                why: SkipReason::Changed {
                    change: Change::Tagged {
                        tag: "v4.1".to_owned(),
                    },
                },
            },
        ];
        web.failed = vec![Failed {
            digest: digest("v5"),
            tag: None,
            code: "KmsError".to_owned(),
            text: "the key is disabled".to_owned(),
            temporary: false,
        }];
        web.left = 12;
        let applied = Applied {
            repositories: vec![web],
            refusals: vec![list_failed()],
        };
        assert_snapshot!(shown(&applied), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com
      REPOSITORY  DELETED  TAGS  GONE  KEPT  FAILED  LEFT
      shop/web          1     -     -     3       1    12

    Deleted 1 manifest. 12 manifests and tags were not reached; the same command
    goes on with them.

    Failed
      shop/web@sha256:ee8616502dd0: KmsError: the key is disabled

    Kept against the plan
      shop/web@sha256:fb04dcb6970e: in use now by task prod/0123, container web
      shop/web:old@sha256:e0d2747b9ab7: it is the last tag of its image now
      shop/web@sha256:8e38a1ea5c68: it has got the tag v4.1 since

    Refused, for safety
      list-failed: Grant what is missing (`launchway iam prune`), or turn the source
      off in the prune block. If nothing there can use an image, allow it:
        lambda:ListFunctions
          lambda:ListFunctions in eu-west-1: access was denied (User is not
          authorized), so nothing is removed anywhere
          --allow list-failed:lambda:ListFunctions

    2 calls: 2 ecr:BatchDeleteImage.
    ");
    }

    #[test]
    fn nothing_was_done() {
        assert_snapshot!(shown(&Applied::default()), @"
    Nothing was removed.

    2 calls: 2 ecr:BatchDeleteImage.
    ");
    }
}
