//! Why one image stays or goes, as indented lines: below each reason what it rests on.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::prune::Verdict;
use crate::prune::explain::{Explanation, Way};
use crate::ui::measure;
use crate::ui::style::Style;

use super::WIDTH;
use super::amounts::{list, size, wrapped};
use super::images::age;

/// How many parts are listed.
const MEMBERS: usize = 20;

/// The explanation for people. `held` is why nothing goes from the repository for now, if that is so.
pub fn prune_explained(
    explanation: &Explanation<'_>,
    archive: bool,
    held: bool,
    now: Timestamp,
    style: Style,
) -> String {
    let image = explanation.image;
    let name = measure::printable(&explanation.repository.to_string());
    let mut text = format!("{}\n  {}\n", style.bold(name), image.digest);
    let mut facts = vec![image.kind.label().to_owned()];
    facts.push(match image.pushed_at {
        Some(_) => format!("{} old", age(image, now)),
        None => "of unknown age".to_owned(),
    });
    facts.extend(image.size.map(size));
    if image.archived {
        facts.push("in the archive".to_owned());
    }
    facts.push(match image.tags.as_slice() {
        [] => "no tag".to_owned(),
        [one] => format!("tag {one}"),
        several => format!("tags {}", list(several)),
    });
    for line in wrapped(&facts.join(", "), 2, WIDTH).lines() {
        let _ = writeln!(text, "{}", style.dim(line));
    }
    let (verdict, with) = match (&image.verdict, archive) {
        (Verdict::Keep(_), _) => (style.green("It stays:"), "With it:"),
        (Verdict::Remove(_), false) => (style.red("It goes:"), "With it:"),
        (Verdict::Remove(_), true) => (style.yellow("It is archived:"), "With it:"),
    };
    let _ = writeln!(text, "\n{verdict}");
    for way in &explanation.because {
        push_way(&mut text, way);
    }
    if !image.untag.is_empty() {
        let tags = list(&image.untag);
        let line = format!("Expired tags that are taken from it: {tags}");
        text.push_str(&wrapped(&line, 2, WIDTH));
    }
    if held && matches!(image.verdict, Verdict::Remove(_)) {
        let line =
            "Nothing goes from this repository for now: prune refuses, as `launchway prune` shows.";
        for line in wrapped(line, 2, WIDTH).lines() {
            let _ = writeln!(text, "{}", style.yellow(line));
        }
    }
    if !explanation.with.is_empty() {
        let _ = writeln!(text, "\n{}", style.bold(with));
        for member in explanation.with.iter().take(MEMBERS) {
            let fate = match member.image.verdict {
                Verdict::Keep(_) => "stays",
                Verdict::Remove(_) => "goes ",
            };
            let _ = writeln!(
                text,
                "  {fate}  sha256:{}  {:<11}  {} sha256:{}",
                member.image.digest.short(),
                member.image.kind.label(),
                member.link.words(),
                member.of.short(),
            );
        }
        if let Some(more) = explanation.with.len().checked_sub(MEMBERS)
            && more > 0
        {
            let _ = writeln!(text, "  and {more} more");
        }
    }
    text
}

fn push_way(text: &mut String, way: &Way<'_>) {
    let mut line = way.reason.to_string();
    let mut indent = 2;
    for step in &way.over {
        if !step.tags.is_empty() {
            let tags = measure::truncate(&step.tags.join(", "), WIDTH / 2);
            line = format!("{line} ({tags})");
        }
        text.push_str(&wrapped(&line, indent, WIDTH));
        indent += 2;
        let (last, others) = match step.reasons.split_last() {
            Some((last, others)) => (last.to_string(), others),
            None => return,
        };
        for other in others {
            text.push_str(&wrapped(&other.to_string(), indent, WIDTH));
        }
        line = last;
    }
    text.push_str(&wrapped(&line, indent, WIDTH));
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::prune::explain::{Wanted, explain};
    use crate::prune::samples::{digest, now, web};

    fn shown(name: &str, held: bool) -> String {
        let plan = web();
        let wanted = Wanted::Digest(digest(name).to_string());
        let explanation = explain(&plan, &wanted).unwrap();
        prune_explained(&explanation, false, held, now(), Style::PLAIN)
    }

    #[test]
    fn a_root() {
        assert_snapshot!(shown("v3", false), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      sha256:e0d2747b9ab7abb6eb65e0373fa1b428a28bd6d8a2380106dcc080f58005ee14
      index, 1 d old, tags latest and v3

    It stays:
      in use by service prod/web, task definition web:12, as tag v3
      the newest release

    With it:
      stays  sha256:668bb12587f2  image        part of index sha256:e0d2747b9ab7
      stays  sha256:50e7d6f153ff  attestation  attestations of sha256:668bb12587f2
    ");
    }

    #[test]
    fn a_part_of_a_part() {
        assert_snapshot!(shown("v3-attestations", false), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      sha256:50e7d6f153ff275174aaf34ac43f3b9b84403bb34bdb49e1e0e691c1fc3ca14a
      attestation, 1 d old, 19.5 KiB, no tag

    It stays:
      attestations of sha256:668bb12587f2
        part of index sha256:e0d2747b9ab7 (latest, v3)
          in use by service prod/web, task definition web:12, as tag v3
          the newest release
    ");
    }

    #[test]
    fn something_that_loses_a_tag() {
        assert_snapshot!(shown("v2", false), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      sha256:fb04dcb6970e4c3d1873de51fd5a50d7bb46b3383113602665c350ec40b5f990
      index, 20 d old, tags old and v2

    It stays:
      release 2 of the newest 2
      Expired tags that are taken from it: old

    With it:
      stays  sha256:afff441331a3  image        part of index sha256:fb04dcb6970e
    ");
    }

    #[test]
    fn something_that_goes() {
        assert_snapshot!(shown("v1", true), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe
      index, 93 d old, tag v1

    It goes:
      not in use, release 3, 93 d old
      Nothing goes from this repository for now: prune refuses, as `launchway prune`
      shows.

    With it:
      goes   sha256:a80768025efc  image        part of index sha256:3bfc269594ef
      goes   sha256:bbf8ebdad191  attestation  attestations of sha256:a80768025efc
    ");
    }
}
