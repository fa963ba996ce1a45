//! What has to hold of every plan.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;
use super::generate::{Case, case};
use super::naive::Model;
use crate::image::{Digest, media_type};
use crate::prune::testing::now;
use crate::prune::{
    Content, KeepReason, Manifest, RemoveReason, RepositoryPlan, Status, Verdict, decide, restrict,
};

/// How often something was to be seen in the cases.
#[derive(Debug, Default)]
pub(super) struct Facts(pub(super) BTreeMap<&'static str, u64>);

/// What the cases must show.
pub(super) const FACTS: [&str; 13] = [
    "something goes",
    "a part goes",
    "an orphan goes",
    "a cache goes",
    "something untagged goes",
    "a part is kept",
    "a cycle goes",
    "it may be a part",
    "a tag goes",
    "more than two waves",
    "decided again between waves",
    "decided again between waves, with no exception",
    "removing a use lets something go",
];

impl Facts {
    fn note(&mut self, fact: &'static str, is_there: bool) {
        assert!(FACTS.contains(&fact), "{fact} is not in the list");
        *self.0.entry(fact).or_default() += u64::from(is_there);
    }
}

type Outcome = Result<(), String>;

fn ensure(holds: bool, problem: impl FnOnce() -> String) -> Outcome {
    if holds { Ok(()) } else { Err(problem()) }
}

fn removed(plan: &RepositoryPlan) -> BTreeSet<Digest> {
    let gone = plan
        .images
        .iter()
        .filter(|one| matches!(one.verdict, Verdict::Remove(_)));
    gone.map(|one| one.digest).collect()
}

fn verdicts(plan: &RepositoryPlan) -> BTreeMap<Digest, &Verdict> {
    plan.images
        .iter()
        .map(|one| (one.digest, &one.verdict))
        .collect()
}

/// Makes the case of a seed and checks everything.
pub(super) fn check(seed: u64, facts: &mut Facts) -> Outcome {
    let case = case(seed);
    let plan = decide(&case.repository, &case.uses, &case.policy, now());
    let model = Model::new(&case, &plan);
    let gone = removed(&plan);
    let mut dice = Dice::new(!seed);

    let expected = model.removed();
    ensure(gone == expected, || {
        let verdicts = verdicts(&plan);
        let wrong = gone.symmetric_difference(&expected);
        let wrong: Vec<String> = wrong
            .map(|digest| {
                let mut manifests = case.repository.manifests.iter();
                let manifest = manifests.find(|one| one.digest == *digest);
                format!(
                    "{:?} is for the model otherwise: {manifest:#?}",
                    verdicts[digest]
                )
            })
            .collect();
        format!("{}\n{:#?}", wrong.join("\n"), case.policy)
    })?;
    whole(&case, &plan, &model)?;
    reasons(&case, &plan, &model)?;
    waves(&plan, &model)?;
    tags(&case, &plan)?;
    shuffled(&case, &plan, &mut dice)?;
    fewer_uses(&case, &plan, &mut dice, facts)?;
    restricted(&case, &plan, &model, &mut dice)?;
    between_waves(&case, &plan, &model, facts)?;
    note(&plan, facts);
    let in_one_wave = |pair: &(Digest, Digest)| {
        let mut waves = plan.waves.iter();
        waves.any(|wave| wave.contains(&pair.0) && wave.contains(&pair.1))
    };
    let small = plan.images.len() < 200;
    facts.note("a cycle goes", small && model.needs.iter().any(in_one_wave));
    Ok(())
}

/// (a, b) Nothing that is kept, but for what is only stored, refers to anything that goes.
fn whole(case: &Case, plan: &RepositoryPlan, model: &Model<'_>) -> Outcome {
    let verdicts = verdicts(plan);
    let mut kept = model.roots();
    model.grow(&mut kept);
    for one in &kept {
        ensure(matches!(verdicts[one], Verdict::Keep(_)), || {
            format!("{one} goes, and is needed")
        })?;
    }
    for (whole, part) in &model.needs {
        let is_lost = matches!(
            (verdicts[whole], verdicts[part]),
            (Verdict::Keep(reasons), Verdict::Remove(_)) if *reasons != [KeepReason::Archived]
        );
        ensure(!is_lost, || format!("{whole} stays and loses {part}"))?;
    }
    let digests: BTreeSet<Digest> = case
        .repository
        .manifests
        .iter()
        .map(|one| one.digest)
        .collect();
    ensure(digests.into_iter().eq(verdicts.into_keys()), || {
        "the plan has other manifests than the repository".to_owned()
    })
}

/// Reasons are there, true, and end somewhere.
fn reasons(case: &Case, plan: &RepositoryPlan, model: &Model<'_>) -> Outcome {
    let verdicts = verdicts(plan);
    let all: BTreeMap<Digest, &Manifest> = {
        let manifests = case.repository.manifests.iter();
        manifests.map(|one| (one.digest, one)).collect()
    };
    for (digest, verdict) in &verdicts {
        match verdict {
            Verdict::Remove(RemoveReason::Part { of, .. }) => {
                let is_true = model.needs.contains(&(*of, *digest));
                let stored = [KeepReason::Archived];
                let goes = match verdicts[of] {
                    Verdict::Remove(_) => true,
                    Verdict::Keep(reasons) => *reasons == stored,
                };
                ensure(is_true && goes, || {
                    format!("{digest} goes with {of}, which is not so")
                })?;
            }
            Verdict::Remove(_) => {}
            Verdict::Keep(reasons) => {
                ensure(!reasons.is_empty(), || {
                    format!("{digest} stays for no reason")
                })?;
                ensure(reasons.is_sorted(), || format!("{digest}: {reasons:?}"))?;
                let mut at = *digest;
                let mut steps = 0;
                while let Verdict::Keep(reasons) = verdicts[&at]
                    && let [KeepReason::Part { of, .. } | KeepReason::MaybePart { of }] =
                        reasons.as_slice()
                {
                    let is_true =
                        model.needs.contains(&(*of, at)) || model.may_need(all[of], all[&at]);
                    ensure(is_true, || {
                        format!("{at} stays for {reasons:?}, which is not so")
                    })?;
                    at = *of;
                    steps += 1;
                    ensure(steps <= all.len(), || {
                        format!("the reasons of {digest} go round")
                    })?;
                }
                ensure(matches!(verdicts[&at], Verdict::Keep(_)), || {
                    format!("{at} does not stay")
                })?;
            }
        }
    }
    Ok(())
}

/// (e) The waves hold exactly what goes, and a whole is in an earlier one than its parts, but for cycles.
fn waves(plan: &RepositoryPlan, model: &Model<'_>) -> Outcome {
    let mut wave = BTreeMap::new();
    for (number, digests) in plan.waves.iter().enumerate() {
        ensure(!digests.is_empty(), || "a wave is empty".to_owned())?;
        for digest in digests {
            let is_new = wave.insert(*digest, number).is_none();
            ensure(is_new, || format!("{digest} goes twice"))?;
        }
    }
    let gone = removed(plan);
    ensure(gone.iter().eq(wave.keys()), || {
        "the waves are not what goes".to_owned()
    })?;
    let mut next: BTreeMap<Digest, Vec<Digest>> = BTreeMap::new();
    for (whole, part) in &model.needs {
        if gone.contains(whole) && gone.contains(part) {
            next.entry(*whole).or_default().push(*part);
        }
    }
    let leads_to = |from: Digest, to: Digest| {
        let (mut open, mut seen) = (vec![from], BTreeSet::new());
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            if seen.insert(at) {
                open.extend(next.get(&at).into_iter().flatten());
            }
        }
        false
    };
    for (whole, parts) in &next {
        for part in parts {
            let (first, second) = (wave[whole], wave[part]);
            let is_right = first < second || (first == second && leads_to(*part, *whole));
            ensure(is_right, || {
                format!("{whole} in wave {first} needs {part} in {second}")
            })?;
        }
    }
    Ok(())
}

/// (f) Tags go only from what is kept, never the last, and none that is used or kept for ever; and all that may go
/// do.
fn tags(case: &Case, plan: &RepositoryPlan) -> Outcome {
    let is_protected = |tag: &str| {
        let mut uses = case.uses.uses.iter();
        uses.any(|one| one.tag.as_deref() == Some(tag))
            || case
                .policy
                .keep_tags
                .iter()
                .any(|pattern| pattern.covers(tag))
    };
    for image in &plan.images {
        let own = image.digest.hex();
        let is_about = |tag: &str| tag.starts_with("sha256-") && !tag.contains(&own);
        let special = |tag: &&String| tag.contains(".partial-") || is_about(tag);
        let left = image
            .tags
            .iter()
            .filter(|tag| !special(tag) && !image.untag.contains(tag));
        let left: Vec<_> = left.collect();
        for tag in &image.untag {
            let is_right = matches!(image.verdict, Verdict::Keep(_))
                && image.tags.contains(tag)
                && case.policy.remove_tags
                && !is_about(tag)
                && !left.is_empty();
            ensure(is_right && !is_protected(tag), || {
                format!("{} loses {tag}", image.digest)
            })?;
        }
        let Verdict::Keep(reasons) = &image.verdict else {
            continue;
        };
        let loses_some = image.untag.iter().any(|tag| !tag.contains(".partial-"));
        let weak =
            |one: &KeepReason| matches!(one, KeepReason::InUse { .. } | KeepReason::Tag { .. });
        ensure(!loses_some || reasons.iter().all(weak), || {
            format!("{} loses tags and is kept for {reasons:?}", image.digest)
        })?;
        if loses_some {
            let spare = left.iter().filter(|tag| !is_protected(tag)).count();
            let expected = usize::from(left.iter().all(|tag| !is_protected(tag)));
            ensure(spare == expected, || {
                format!("{} keeps {left:?}", image.digest)
            })?;
        }
    }
    Ok(())
}

/// (h) The order of the list means nothing.
fn shuffled(case: &Case, plan: &RepositoryPlan, dice: &mut Dice) -> Outcome {
    let mut other = case.clone();
    dice.shuffle(&mut other.repository.manifests);
    dice.shuffle(&mut other.uses.uses);
    for manifest in &mut other.repository.manifests {
        dice.shuffle(&mut manifest.tags);
    }
    let again = decide(&other.repository, &other.uses, &other.policy, now());
    ensure(again == *plan, || {
        "another order gives another plan".to_owned()
    })
}

/// (d) The fewer uses, the more goes.
fn fewer_uses(case: &Case, plan: &RepositoryPlan, dice: &mut Dice, facts: &mut Facts) -> Outcome {
    if case.uses.uses.is_empty() {
        return Ok(());
    }
    let mut uses = case.uses.clone();
    let at = usize::try_from(dice.below(uses.uses.len() as u64)).unwrap();
    uses.uses.remove(at);
    let one_less = decide(&case.repository, &uses, &case.policy, now());
    uses.uses.clear();
    let none = decide(&case.repository, &uses, &case.policy, now());
    let steps = [removed(plan), removed(&one_less), removed(&none)];
    facts.note("removing a use lets something go", steps[0] != steps[2]);
    ensure(
        steps[0].is_subset(&steps[1]) && steps[1].is_subset(&steps[2]),
        || format!("without use {at} less goes"),
    )
}

/// (g) Under a saved plan the largest part of the plan goes that is in both and closed.
fn restricted(case: &Case, plan: &RepositoryPlan, model: &Model<'_>, dice: &mut Dice) -> Outcome {
    let gone = removed(plan);
    let mut allowed = gone.clone();
    allowed.retain(|_| !dice.percent(20));
    let mut tags: BTreeMap<Digest, BTreeSet<String>> = BTreeMap::new();
    for image in &plan.images {
        if dice.percent(50) {
            let some = image.untag.iter().filter(|tag| tag.len() % 2 == 0).cloned();
            tags.insert(image.digest, some.collect());
        }
    }
    let mut less = plan.clone();
    restrict(&mut less, &case.repository, &allowed, &tags);
    let mut stays: BTreeSet<Digest> = gone.difference(&allowed).copied().collect();
    model.grow(&mut stays);
    let expected: BTreeSet<Digest> = gone.difference(&stays).copied().collect();
    ensure(removed(&less) == expected, || {
        "restricted to another set".to_owned()
    })?;
    ensure(
        less.sizes.removed.manifests == expected.len() as u64,
        || "restricted to another size".to_owned(),
    )?;
    waves(&less, model)?;
    for image in &less.images {
        let saved = tags.get(&image.digest);
        let are_saved = image
            .untag
            .iter()
            .all(|tag| saved.is_some_and(|tags| tags.contains(tag)));
        ensure(are_saved, || format!("{} loses other tags", image.digest))?;
    }
    Ok(())
}

/// (e) Killed after any wave, the next run finishes the work and takes nothing that this one kept.
///
/// Four things that are known before are not known after, all to the side of keeping or without a reader: an
/// untagged part that was pulled lately is young once it stands alone; an index that could not be read may hold what
/// another index listed before; what has a name that somebody gave it is kept once nothing lists it, or, about
/// an image that is gone, until a release of its age goes; and an attestation that only a removed index ties to its
/// image is an untagged manifest.
fn between_waves(
    case: &Case,
    plan: &RepositoryPlan,
    model: &Model<'_>,
    facts: &mut Facts,
) -> Outcome {
    let mut past: BTreeSet<Digest> = BTreeSet::new();
    let before = verdicts(plan);
    let limit = if case.repository.manifests.len() > 200 {
        1
    } else {
        usize::MAX
    };
    for wave in plan.waves.iter().take(limit) {
        past.extend(wave);
        let mut rest = case.repository.clone();
        if case.policy.archive {
            for one in rest
                .manifests
                .iter_mut()
                .filter(|one| past.contains(&one.digest))
            {
                one.status = Status::Archived;
                if media_type::is_index(&one.media_type) {
                    one.content = Content::Unreadable("404".to_owned());
                }
            }
        } else {
            rest.manifests.retain(|one| !past.contains(&one.digest));
        }
        let again = decide(&rest, &case.uses, &case.policy, now());
        let after = verdicts(&again);
        let remaining: BTreeSet<Digest> = removed(plan).difference(&past).copied().collect();
        let gone = removed(&again);

        let mut lost: BTreeSet<Digest> = gone.difference(&remaining).copied().collect();
        let mut left: BTreeSet<Digest> = remaining.difference(&gone).copied().collect();
        let done = past.len();
        let story = |digests: &BTreeSet<Digest>| -> Vec<String> {
            let both = digests.iter();
            both.map(|one| format!("{one}: {:?}, then {:?}", before[one], after[one]))
                .collect()
        };
        facts.note("decided again between waves", !remaining.is_empty());
        let is_strict = lost.is_empty() && left.is_empty();
        facts.note(
            "decided again between waves, with no exception",
            is_strict && !remaining.is_empty(),
        );

        // What only an index that is past told of two others, and what hangs on that.
        let told = model
            .told
            .iter()
            .filter(|(index, _, _)| past.contains(index));
        let mut told: BTreeSet<Digest> = told.map(|(_, _, part)| *part).collect();
        told.retain(|part| before.contains_key(part));
        model.grow(&mut told);
        lost.retain(|digest| {
            let is_part = match before[digest] {
                Verdict::Keep(reasons) => matches!(
                    reasons.as_slice(),
                    [KeepReason::Part { .. } | KeepReason::MaybePart { .. }]
                ),
                Verdict::Remove(_) => false,
            };
            !(is_part && told.contains(digest))
        });
        ensure(lost.is_empty(), || {
            format!("after {done} the next run takes {:#?}", story(&lost))
        })?;

        let mut excused: BTreeSet<Digest> = BTreeSet::new();
        for digest in removed(plan) {
            // In the archive it may have got such a reason, too.
            let Some(Verdict::Keep(reasons)) = after.get(&digest) else {
                continue;
            };
            let is_excused = |one: &KeepReason| {
                matches!(
                    one,
                    KeepReason::Young { .. }
                        | KeepReason::MaybePart { .. }
                        | KeepReason::Unknown { .. }
                        | KeepReason::NoRule
                        | KeepReason::AmongNewest { .. }
                        | KeepReason::NotExpired { .. }
                        | KeepReason::SubjectInUse { .. }
                )
            };
            if reasons.iter().any(is_excused) {
                excused.insert(digest);
            }
        }
        let mut stays = excused;
        model.grow(&mut stays);
        left.retain(|digest| !stays.contains(digest));
        ensure(left.is_empty(), || {
            format!("after {done} the next run leaves {:#?}", story(&left))
        })?;
    }
    Ok(())
}

fn note(plan: &RepositoryPlan, facts: &mut Facts) {
    let mut removals = Vec::new();
    let mut keeps = Vec::new();
    for image in &plan.images {
        match &image.verdict {
            Verdict::Remove(reason) => removals.push(reason),
            Verdict::Keep(reasons) => keeps.extend(reasons),
        }
    }
    let any = |wanted: fn(&RemoveReason) -> bool| removals.iter().any(|one| wanted(one));
    facts.note("something goes", !removals.is_empty());
    facts.note(
        "a part goes",
        any(|one| matches!(one, RemoveReason::Part { .. })),
    );
    facts.note(
        "an orphan goes",
        any(|one| matches!(one, RemoveReason::Orphan { .. })),
    );
    facts.note(
        "a cache goes",
        any(|one| matches!(one, RemoveReason::Cache { .. })),
    );
    facts.note(
        "something untagged goes",
        any(|one| matches!(one, RemoveReason::Untagged { .. })),
    );
    let is_part = |one: &&KeepReason| matches!(one, KeepReason::Part { .. });
    facts.note("a part is kept", keeps.iter().any(is_part));
    let is_maybe = |one: &&KeepReason| matches!(one, KeepReason::MaybePart { .. });
    facts.note("it may be a part", keeps.iter().any(is_maybe));
    facts.note("a tag goes", plan.sizes.tags > 0);
    facts.note("more than two waves", plan.waves.len() > 2);
}
