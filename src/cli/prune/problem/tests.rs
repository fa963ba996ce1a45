//! Every mixture of lasting and temporary cases and failures.

use super::*;
use crate::prune::samples::{digest, list_failed, plan_of, repository};
use crate::prune::{RefusalCode, RefusalSubject, RepositoryResult};

fn case(name: &str, temporary: bool) -> Refusal {
    let subject = RefusalSubject::Repository(repository(name));
    let code = if temporary {
        RefusalCode::ListFailed
    } else {
        RefusalCode::NothingInUse
    };
    Refusal::new(code, name, subject, "it is so").temporary(temporary)
}

fn failed(name: &str, temporary: bool) -> Failed {
    Failed {
        digest: digest(name),
        tag: None,
        code: if temporary { "temporary" } else { "KmsError" }.to_owned(),
        text: "it did not work".to_owned(),
        temporary,
    }
}

/// A plan with a repository that is refused for these cases, and another one.
fn plan(cases: Vec<Refusal>) -> Plan {
    let mut held = plan_of("held", Vec::new());
    held.refusals = cases;
    Plan {
        created_at: jiff::Timestamp::UNIX_EPOCH,
        repositories: vec![held, plan_of("shop/web", Vec::new())],
        refusals: Vec::new(),
        sources: Vec::new(),
        warnings: Vec::new(),
    }
}

fn applied(refusals: Vec<Refusal>, failed: Vec<Failed>) -> Applied {
    Applied {
        repositories: vec![RepositoryResult {
            repository: repository("shop/web"),
            deleted: Vec::new(),
            archived: Vec::new(),
            gone: Vec::new(),
            untagged: Vec::new(),
            skipped: Vec::new(),
            failed,
            left: 0,
            refusals,
        }],
        refusals: Vec::new(),
    }
}

/// None, a temporary one, a lasting one, or both.
const MIXES: [&[bool]; 4] = [&[], &[true], &[false], &[true, false]];

#[test]
fn temporary_parts_never_hide_lasting_ones() {
    for planned in MIXES {
        for stopped in MIXES {
            for broken in MIXES {
                let cases = |name: &str, mix: &[bool]| -> Vec<Refusal> {
                    mix.iter().map(|&temporary| case(name, temporary)).collect()
                };
                let failures = broken.iter().map(|&temporary| failed("v1", temporary));
                let plan = plan(cases("held", planned));
                let applied = applied(cases("shop/web", stopped), failures.collect());
                let failure = Problem::of_plan(&plan).and_of(&applied).failure();
                let lasting = |mix: &[bool]| mix.contains(&false);
                let expected = match (planned, stopped, broken) {
                    ([], [], []) => None,
                    _ if lasting(planned) || lasting(stopped) => Some(exit::PRUNE_REFUSED),
                    _ if lasting(broken) => Some(exit::REGISTRY),
                    _ => Some(exit::TEMPORARY),
                };
                let about = format!("{planned:?} {stopped:?} {broken:?}");
                assert_eq!(
                    failure.as_ref().map(Failure::exit_code),
                    expected,
                    "{about}"
                );
                // Each part is told.
                let Some(failure) = failure else {
                    continue;
                };
                let causes = failure.causes.join("\n");
                for (mix, what) in [
                    (planned, "held: it is so"),
                    (stopped, "shop/web: it is so"),
                    (broken, "it did not work"),
                ] {
                    let told = causes.contains(what);
                    assert_eq!(told, !mix.is_empty(), "{about}: {causes}");
                }
                let allow = failure.hints.iter().any(|hint| hint.contains("--allow"));
                assert_eq!(allow, lasting(planned) || lasting(stopped), "{about}");
            }
        }
    }
}

#[test]
fn a_lasting_case_is_told_beside_a_temporary_failure() {
    let plan = plan(vec![case("held", false)]);
    let applied = applied(Vec::new(), vec![failed("v1", true)]);
    let failure = Problem::of_plan(&plan).and_of(&applied).failure().unwrap();
    assert_eq!(failure.exit_code(), exit::PRUNE_REFUSED);
    assert_eq!(
        failure.message,
        "prune refuses one repository; 1 image or tag could not be removed"
    );
    assert_eq!(failure.causes[0], "nothing-in-use held: it is so");
    assert!(failure.causes[1].ends_with("it did not work (temporary)"));
    assert_eq!(failure.hints.len(), 1, "{:?}", failure.hints);
}

#[test]
fn a_temporary_case_beside_a_lasting_one_says_that_it_cannot_be_allowed() {
    let plan = plan(vec![case("held", true), case("held", false)]);
    let failure = Problem::of_plan(&plan).failure().unwrap();
    assert!(
        failure.causes[0].starts_with("nothing-in-use"),
        "{failure:?}"
    );
    assert!(failure.causes[1].ends_with("(temporary)"), "{failure:?}");
    assert!(
        failure.hints[1].contains("cannot be allowed"),
        "{failure:?}"
    );
}

#[test]
fn what_was_planned_and_tried_is_told_once_and_many_are_counted() {
    let everywhere = list_failed();
    let mut plan = plan(vec![case("held", false)]);
    plan.refusals.push(everywhere.clone());
    let mut applied = applied(
        Vec::new(),
        (0..5).map(|n| failed(&format!("v{n}"), false)).collect(),
    );
    applied.refusals.push(everywhere);
    let failure = Problem::of_plan(&plan).and_of(&applied).failure().unwrap();
    assert_eq!(
        failure.message,
        "prune refuses to remove anything; 5 images and tags could not be removed"
    );
    assert_eq!(failure.causes.len(), 2 + 3 + 1, "{:?}", failure.causes);
    assert_eq!(failure.causes[5], "and 2 more images and tags");
    assert_eq!(
        Problem::default().and_of(&Applied::default()).failure(),
        None
    );
}
