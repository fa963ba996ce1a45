//! ECR's own lifecycle policies beside prune: one that could take what is kept is told, and so is one that nobody
//! could ask for. Neither holds anything, since prune deletes nothing because of it.

use serde_json::{Value, json};

use super::plain::{PlainStage, RULES};
use super::stage::Plan;
use crate::support::Outcome;
use launchway_fake_ecr::{Fault, Rule};

/// What is told of a policy that could not be asked for.
const UNKNOWN: &str = "whether lifecycle policies take what is kept here is not known";

/// The policy that keeps so many images.
fn keeping(count: u32) -> String {
    json!({ "rules": [{
        "rulePriority": 10, "selection": { "tagStatus": "any", "countType": "imageCountMoreThan",
            "countNumber": count },
        "action": { "type": "expire" },
    }] })
    .to_string()
}

/// All warnings of a plan: of repositories, and of the plan itself.
fn warnings(plan: &Plan) -> (Vec<String>, Vec<String>) {
    let texts = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|text| text.as_str().unwrap().to_owned()).collect()
    };
    let repositories = plan.0["repositories"].as_array().unwrap().iter();
    let here = repositories.flat_map(|one| texts(&one["warnings"]));
    (here.collect(), texts(&plan.0["warnings"]))
}

/// A text whose lines were broken for the terminal.
fn unbroken(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn plan(stage: &PlainStage) -> (Plan, Outcome) {
    let json = stage.succeed(&["--format", "json"]);
    (Plan::read(&json.stdout), stage.succeed(&[]))
}

#[test]
fn a_policy_that_could_take_what_is_used_is_told() {
    let stage = PlainStage::new(RULES);
    let repository = stage.ecr.repository("shop/app");
    let used = super::plain::image(1, 100.0).digest().to_string();

    // Without one there is nothing to tell, and the question was asked.
    let (without, table) = plan(&stage);
    assert_eq!(warnings(&without), (vec![], vec![]));
    assert!(!table.stdout.contains("lifecycle"), "{}", table.stdout);
    assert_eq!(stage.ecr.count("GetLifecyclePolicy"), 2);

    // All of it was pushed at once: any of the five may be the oldest four.
    repository.set_lifecycle_policy(Some(&keeping(1)));
    let (with, table) = plan(&stage);
    assert_eq!(with.removed(), without.removed(), "it decides nothing");
    let (here, plan_wide) = warnings(&with);
    let [warning] = here.as_slice() else {
        panic!("{here:?}");
    };
    assert!(plan_wide.is_empty(), "{plan_wide:?}");
    for text in ["lifecycle", "10", &used[..19]] {
        assert!(warning.contains(text), "{text}: {warning}");
    }
    let told = unbroken(&table.stdout);
    assert!(told.contains(&unbroken(warning)), "{told}\n{warning}");

    // One that leaves enough of them now takes the one in use when newer ones come.
    repository.set_lifecycle_policy(Some(&keeping(50)));
    let (here, _) = warnings(&plan(&stage).0);
    assert_eq!(here.len(), 1, "{here:?}");

    // One that nobody can read may do anything.
    repository.set_lifecycle_policy(Some("{ \"rules\": 7 }"));
    let (here, _) = warnings(&plan(&stage).0);
    assert!(
        here[0].contains("its lifecycle policy may delete what is in use"),
        "{here:?}"
    );

    let applied = stage.succeed(&["--apply"]);
    assert!(applied.stderr.contains("lifecycle"), "{}", applied.stderr);
    assert_eq!(stage.tags(), ["v1".to_owned()].into());
}

#[test]
fn a_policy_that_could_not_be_asked_for_is_told_and_holds_nothing() {
    for (fault, says) in [
        (Fault::AccessDenied, "access was denied"),
        (Fault::Throttled, "too many requests"),
        (Fault::Server(500), "status 500"),
    ] {
        let stage = PlainStage::new(RULES);
        // Two repositories, and one thing to say.
        stage.fill("shop/other");
        let failing = Rule::new(fault.clone()).operation("GetLifecyclePolicy");
        stage.ecr.fail(failing);
        let allowed = ["--allow", "nothing-in-use:shop/other"];
        let json = stage.succeed(&[&allowed[..], &["--format", "json"]].concat());
        let (here, plan_wide) = warnings(&Plan::read(&json.stdout));
        assert!(here.is_empty(), "{here:?}");
        let [warning] = plan_wide.as_slice() else {
            panic!("{fault:?}: {plan_wide:?}");
        };
        let start = format!("{UNKNOWN}: ecr:GetLifecyclePolicy in ap-northeast-1");
        assert!(warning.starts_with(&start), "{warning}");
        assert!(warning.contains(says), "{fault:?}: {warning}");
        let applied = stage.succeed(&[&allowed[..], &["--apply"]].concat());
        assert!(
            unbroken(&applied.stderr).contains(UNKNOWN),
            "{}",
            applied.stderr
        );
        assert_eq!(stage.tags(), ["v1".to_owned()].into(), "{fault:?}");
    }
    // What passes is asked again, and nothing is said.
    let stage = PlainStage::new(RULES);
    let once = Rule::new(Fault::Throttled).operation("GetLifecyclePolicy");
    stage.ecr.fail(once.next(1));
    let json = stage.succeed(&["--format", "json"]);
    assert_eq!(warnings(&Plan::read(&json.stdout)), (vec![], vec![]));
    assert_eq!(stage.ecr.count("GetLifecyclePolicy"), 2);
}
