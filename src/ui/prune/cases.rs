//! Cases that hold prune back, or would if they were not allowed, each with what to do about it; and warnings.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::prune::{Plan, Refusal, RefusalCode, RefusalSubject};
use crate::ui::style::Style;

use super::WIDTH;
use super::amounts::{count, wrapped};

/// How many cases of a kind are shown one by one.
const SHOWN: usize = 10;

/// Refusals that hold, then allowed ones; empty without any.
pub(super) fn cases<'a>(refusals: impl Iterator<Item = &'a Refusal>, style: Style) -> String {
    // By code; what lasts before what is temporary.
    let mut held: BTreeMap<(bool, RefusalCode), Vec<&Refusal>> = BTreeMap::new();
    let mut allowed: BTreeMap<RefusalCode, Vec<&Refusal>> = BTreeMap::new();
    for refusal in refusals {
        if refusal.allowed {
            allowed.entry(refusal.code).or_default().push(refusal);
        } else {
            let kind = (refusal.temporary, refusal.code);
            held.entry(kind).or_default().push(refusal);
        }
    }
    let mut text = String::new();
    if !held.is_empty() {
        let _ = writeln!(text, "{}", style.red("Refused, for safety"));
        for ((temporary, code), cases) in &held {
            push_held(&mut text, *code, *temporary, cases, style);
        }
    }
    if !allowed.is_empty() {
        if !text.is_empty() {
            text.push('\n');
        }
        let _ = writeln!(text, "{}", style.yellow("Allowed by name"));
        for (code, cases) in &allowed {
            for case in cases.iter().take(SHOWN) {
                let _ = writeln!(text, "  {code}  {}", place(case));
                text.push_str(&painted(&case.detail, style));
            }
            push_rest(&mut text, *code, cases.len());
        }
    }
    text
}

fn push_held(
    text: &mut String,
    code: RefusalCode,
    temporary: bool,
    cases: &[&Refusal],
    style: Style,
) {
    let advice = if temporary {
        "It may be gone when the same command is run again. It cannot be allowed:"
    } else {
        advice(code)
    };
    let advice = wrapped(&format!("{code}: {advice}"), 2, WIDTH);
    text.push_str(&advice.replacen(code.as_str(), &style.bold(code), 1));
    for case in cases.iter().take(SHOWN) {
        let what = match case.subject {
            RefusalSubject::Everything => ", so nothing is removed anywhere",
            RefusalSubject::Repository(_) => "",
            RefusalSubject::Nothing => "; nothing is held back, but the run fails",
        };
        let _ = writeln!(text, "    {}", place(case));
        text.push_str(&wrapped(&format!("{}{what}", case.detail), 6, WIDTH));
        if !temporary {
            let flag = format!("--allow {}", shell_word(&case.allowance()));
            let _ = writeln!(text, "      {}", style.cyan(flag));
        }
    }
    push_rest(text, code, cases.len());
}

fn push_rest(text: &mut String, code: RefusalCode, cases: usize) {
    if let Some(more) = cases.checked_sub(SHOWN).filter(|more| *more > 0) {
        let more = count(more as u64, "case");
        let _ = writeln!(text, "  and {more} more of {code}; the JSON has them all");
    }
}

fn painted(detail: &str, style: Style) -> String {
    let lines = wrapped(detail, 4, WIDTH);
    let lines = lines.lines().map(|line| style.dim(line) + "\n");
    lines.collect()
}

/// What the case is about, with the registry where it is a repository.
fn place(refusal: &Refusal) -> String {
    match &refusal.subject {
        RefusalSubject::Repository(id) if id.name == refusal.name => id.to_string(),
        RefusalSubject::Repository(id) => format!("{} in {id}", refusal.name),
        RefusalSubject::Everything | RefusalSubject::Nothing => refusal.name.clone(),
    }
}

/// What to do before the case is allowed.
fn advice(code: RefusalCode) -> &'static str {
    match code {
        RefusalCode::ListFailed => {
            "Grant what is missing (`launchway iam prune`), or turn the source off in the prune \
             block. If nothing there can use an image, allow it:"
        }
        RefusalCode::BadReference => {
            "Mend the reference. If it can be no image of these repositories, allow it:"
        }
        RefusalCode::MatchesNothing => {
            "Mend or delete the section of the prune block. If it is right, allow it:"
        }
        RefusalCode::UnreadableManifest => {
            "Run it again; if it stays, `docker buildx imagetools inspect` may tell more. It and what \
             may be its parts are kept also if it is allowed:"
        }
        RefusalCode::UnreadableArchived => {
            "Restore it from the archive, or delete it. It and what may be its parts are kept \
             also if it is allowed:"
        }
        RefusalCode::NothingInUse => {
            "Name what uses it in the prune block (references, parameters, another account). If \
             nothing does, allow it:"
        }
        RefusalCode::TooMany => {
            "Look at the plan, raise max_deletions (of `run` max_run_deletions), or allow it for \
             once:"
        }
        RefusalCode::TooLargeShare => "Look at the plan, raise max_share, or allow it for once:",
    }
}

/// Warnings, each with a mark.
pub(super) fn warnings<'a>(warnings: impl Iterator<Item = &'a str>, style: Style) -> String {
    let mark = style.yellow("!");
    let lines = warnings.map(|warning| {
        let lines = wrapped(warning, 2, WIDTH);
        format!("{mark} {}", lines.trim_start())
    });
    lines.collect()
}

/// Every case of a plan: those of all repositories first.
pub(super) fn of_plan(plan: &Plan) -> impl Iterator<Item = &Refusal> {
    let here = plan.repositories.iter().flat_map(|one| &one.refusals);
    plan.refusals.iter().chain(here)
}

/// A word as a shell reads it.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+".contains(c);
    if text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::prune::samples::list_failed;

    #[test]
    fn what_is_temporary_has_no_flag() {
        let throttled = Refusal::new(
            RefusalCode::ListFailed,
            "ecs:ListTasks prod in eu-west-1",
            RefusalSubject::Everything,
            "ecs:ListTasks in eu-west-1: too many requests",
        );
        let held = [throttled.temporary(true), list_failed()];
        assert_snapshot!(cases(held.iter(), Style::PLAIN), @"
    Refused, for safety
      list-failed: Grant what is missing (`launchway iam prune`), or turn the source
      off in the prune block. If nothing there can use an image, allow it:
        lambda:ListFunctions
          lambda:ListFunctions in eu-west-1: access was denied (User is not
          authorized), so nothing is removed anywhere
          --allow list-failed:lambda:ListFunctions
      list-failed: It may be gone when the same command is run again. It cannot be
      allowed:
        ecs:ListTasks prod in eu-west-1
          ecs:ListTasks in eu-west-1: too many requests, so nothing is removed
          anywhere
    ");
    }
}
