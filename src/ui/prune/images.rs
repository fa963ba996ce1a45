//! The images of a repository, each with what becomes of it and why.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::prune::{ImagePlan, RepositoryPlan, Verdict, span};
use crate::ui::measure;
use crate::ui::style::Style;

use super::WIDTH;
use super::amounts::{count, size, wrapped};

/// A block of the images that go, or of all. `now` is what ages count to. Empty where there are none.
pub fn prune_images(plan: &RepositoryPlan, now: Timestamp, style: Style) -> String {
    if plan.images.is_empty() {
        return String::new();
    }
    let name = measure::printable(&plan.repository.to_string());
    let mut text = format!("{}\n", style.bold(name));
    for image in &plan.images {
        push(&mut text, image, plan.archive, now, style);
    }
    text
}

fn push(text: &mut String, image: &ImagePlan, archive: bool, now: Timestamp, style: Style) {
    let verdict = match (&image.verdict, archive) {
        (Verdict::Keep(_), _) => style.green("keep   "),
        (Verdict::Remove(_), false) => style.red("delete "),
        (Verdict::Remove(_), true) => style.yellow("archive"),
    };
    let mut facts = vec![format!("{:<11}", image.kind.label())];
    facts.push(format!("{:>6}", age(image, now)));
    facts.push(format!("{:>10}", image.size.map(size).unwrap_or_default()));
    let mut line = facts.join("  ");
    if !image.tags.is_empty() {
        let columns = WIDTH - 2 - 7 - 2 - 19 - 2 - measure::width(&line) - 2;
        let tags = measure::printable(&image.tags.join(", "));
        line = format!("{line}  {}", measure::truncate(&tags, columns));
    }
    let digest = format!("sha256:{}", image.digest.short());
    let _ = writeln!(text, "  {verdict}  {digest}  {}", line.trim_end());
    let reasons: Vec<String> = match &image.verdict {
        Verdict::Keep(reasons) => reasons.iter().map(ToString::to_string).collect(),
        Verdict::Remove(reason) => vec![reason.to_string()],
    };
    for reason in reasons.iter().take(REASONS) {
        push_quiet(text, reason, style);
    }
    if let Some(more) = reasons.len().checked_sub(REASONS).filter(|more| *more > 0) {
        let more = format!("and {} more", count(more as u64, "reason"));
        push_quiet(text, &more, style);
    }
    if !image.untag.is_empty() {
        let tags = image.untag.join(", ");
        push_quiet(text, &format!("loses its expired tags {tags}"), style);
    }
}

/// How many reasons of an image are listed; a base image may be in use by hundreds.
const REASONS: usize = 3;

fn push_quiet(text: &mut String, words: &str, style: Style) {
    for line in wrapped(words, 11, WIDTH).lines() {
        let _ = writeln!(text, "{}", style.dim(line));
    }
}

/// The age since the push; `?` where ECR tells none.
pub(super) fn age(image: &ImagePlan, now: Timestamp) -> String {
    match image.pushed_at {
        Some(pushed) => {
            let seconds = now.duration_since(pushed).as_secs();
            span(u64::try_from(seconds).unwrap_or_default())
        }
        None => "?".to_owned(),
    }
}
