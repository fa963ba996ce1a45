//! Files of saved plans that must not be applied: nothing is asked where the file is wrong, and nothing goes where it
//! is about something else.

use super::plain::{PlainStage, RULES};
use super::stage::Plan;

/// A stage whose plan is in `plan.json`, and the text of it.
fn planned() -> (PlainStage, String) {
    let stage = PlainStage::new(RULES);
    // A repository in which nothing goes.
    stage
        .ecr
        .repository("shop/idle")
        .put(&super::plain::image(9, 1.0));
    stage.succeed(&["--output", "plan.json"]);
    let text = stage.project.read("plan.json");
    Plan::read(&text);
    (stage, text)
}

#[test]
fn a_repository_that_the_plan_does_not_have_is_a_mistake() {
    let (stage, _) = planned();
    let apply = |names: &[&str]| {
        let arguments = ["--apply", "--plan", "plan.json"];
        stage.run(&[&arguments, names].concat())
    };
    stage.ecr.reset_stats();
    for names in [&["shop/other"][..], &["shop/app", "shop/oth*"], &["app"]] {
        let missing = names.last().unwrap();
        let says = format!("plan.json has no repository {missing}");
        apply(names).assert_failed(2, &[&says]);
        stage.assert_untouched(&names.join(" "));
    }
    assert_eq!(stage.ecr.stats().total, 0, "nothing is asked");

    // One that is there and has nothing to remove is none.
    let outcome = apply(&["shop/idle"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Nothing was removed."));
    stage.assert_untouched("another one");
    let outcome = apply(&["shop/a*"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_eq!(stage.tags(), ["v1".to_owned()].into());
    assert_eq!(stage.ecr.repository("shop/idle").len(), 1);
}

/// The plan was made without it.
#[test]
fn a_limit_of_the_run_holds_for_a_saved_plan_too() {
    let (stage, _) = planned();
    let limit = |most: u32| {
        RULES.replace(
            "prune {",
            &format!("prune {{\n  max_run_deletions = {most}"),
        )
    };
    stage.project.write("launchway.hcl", &limit(3));
    let apply = ["--apply", "--plan", "plan.json"];
    let says = "4 manifests and 0 tags of others would go in all, and max_run_deletions is 3";
    stage.run(&apply).assert_failed(16, &["too-many run", says]);
    stage.assert_untouched("over the limit");
    stage.project.write("launchway.hcl", &limit(4));
    stage.succeed(&apply);
    assert_eq!(stage.tags(), ["v1".to_owned()].into());
}

#[test]
fn a_file_that_is_no_plan_is_told_with_its_place() {
    let (stage, text) = planned();
    let half = &text[..text.len() / 2];
    let whole_lines = half.lines().count();
    let schema = "launchway.prune-plan/v1";
    let digest_at = text.find("sha256:").unwrap();
    let line_of_digest = text[..digest_at].lines().count();
    let without_schema: String = text
        .lines()
        .filter(|line| !line.contains("\"schema\""))
        .map(|line| format!("{line}\n"))
        .collect();
    let digest = &text[digest_at..digest_at + 7 + 64];
    let cases = [
        (
            "no JSON",
            "plan: yes\n".to_owned(),
            "plan.json:1:1: ".to_owned(),
        ),
        ("empty", String::new(), "plan.json:1:0: EOF".to_owned()),
        (
            "cut off",
            half.to_owned(),
            format!("plan.json:{whole_lines}:"),
        ),
        (
            "something behind it",
            format!("{text}{{}}\n"),
            format!("plan.json:{}:1: trailing", text.lines().count() + 1),
        ),
        (
            "another schema",
            text.replace(schema, "launchway.prune-result/v1"),
            "plan.json:2:".to_owned(),
        ),
        (
            "a later version",
            text.replace(schema, "launchway.prune-plan/v2"),
            format!(
                "\"launchway.prune-plan/v2\", and this version of Launchway reads \"{schema}\""
            ),
        ),
        (
            "no schema",
            without_schema,
            "missing field `schema`".to_owned(),
        ),
        (
            "a digest that is none",
            text.replacen(digest, "sha256:0123", 1),
            format!("plan.json:{line_of_digest}:"),
        ),
        (
            "a verdict of another version",
            text.replacen("\"verdict\": \"remove\"", "\"verdict\": \"hide\"", 1),
            "plan.json:".to_owned(),
        ),
    ];
    stage.ecr.reset_stats();
    for (name, wrong, says) in cases {
        assert_ne!(wrong, text, "{name}");
        stage.project.write("plan.json", &wrong);
        let outcome = stage.run(&["--apply", "--plan", "plan.json"]);
        assert_eq!(outcome.code, Some(3), "{name}: {}", outcome.stderr);
        let hint = "`launchway prune -o FILE` writes a plan.";
        outcome.assert_failed(3, &[&says, hint]);
        stage.assert_untouched(name);
    }
    let outcome = stage.run(&["--apply", "--plan", "nowhere.json"]);
    outcome.assert_failed(3, &["cannot read the plan", "nowhere.json"]);
    assert_eq!(stage.ecr.stats().total, 0, "nothing is asked");
}

#[test]
fn a_plan_of_another_account_or_region_removes_nothing_here() {
    let (stage, text) = planned();
    for (here, there) in [
        ("123456789012", "999999999999"),
        ("ap-northeast-1", "eu-west-1"),
    ] {
        // The same name, and images of the same digests.
        stage.project.write("plan.json", &text.replace(here, there));
        let outcome = stage.run(&["--apply", "--plan", "plan.json"]);
        outcome.assert_failed(16, &["shop/app", "no account of the configuration has it"]);
        stage.assert_untouched(there);
    }
}
