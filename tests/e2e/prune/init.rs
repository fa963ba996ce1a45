//! `prune init`: what it writes for an account is read by `prune`, which then does what the file says.

use super::plain::{PlainStage, image};
use super::stage::Plan;
use crate::support::{ECR_HOST, Trouble};

/// A stage whose `launchway.hcl` init is to write.
fn bare() -> PlainStage {
    let stage = PlainStage::new("");
    std::fs::remove_file(stage.project.path().join("launchway.hcl")).unwrap();
    stage
}

#[test]
fn what_init_finds_is_what_prune_goes_by() {
    let stage = bare();
    // More releases than init keeps, one of them under a tag that moves.
    let app = stage.ecr.repository("shop/app");
    for number in 6..=15 {
        app.put(&image(number, 200.0 + f64::from(number)));
    }
    app.tag(image(15, 0.0).digest(), "stable");
    stage.ecr.repository("tools").put(&image(16, 300.0));
    let cluster = serde_json::json!({ "clusterName": "prod" });
    stage.moto.ecs("CreateCluster", &cluster);

    let outcome = stage.succeed(&["init", "--output", "launchway.hcl"]);
    assert_eq!(outcome.stdout, "");
    assert!(!outcome.stderr.contains("warning"), "{}", outcome.stderr);
    assert_eq!(stage.ecr.count("BatchDeleteImage"), 0);
    let written = stage.project.read("launchway.hcl");
    let flat = written.replace("\n  # ", " ");
    for part in [
        "repository \"shop/*\" {}",
        "repository \"tools\" {}",
        "keep_tags = [\"latest\", \"stable\"]",
        "1 cluster (prod), 1 task definition family and 0 functions",
    ] {
        assert!(flat.contains(part), "{part}:\n{written}");
    }
    // Nothing uses tools, and everything was looked at.
    assert!(written.contains("  # allow = [\"nothing-in-use:tools\"]\n"));
    // Printed, it is the same.
    assert_eq!(stage.succeed(&["init"]).stdout, written);

    // Ten are kept, and of the others the one in use and the one with the moving tag.
    let planned = stage.succeed(&["--format", "json"]);
    let plan = Plan::read(&planned.stdout);
    assert_eq!(plan.0["refused"], false);
    let removed = plan.removed();
    let expected: Vec<String> = (11..=14)
        .map(|number| format!("shop/app@{}", image(number, 0.0).digest()))
        .collect();
    assert_eq!(removed, expected.into_iter().collect());
    stage.succeed(&["--apply"]);
    assert_eq!(app.len(), 11);
}

#[test]
fn lists_that_do_not_load_are_told_and_nothing_is_advised_because_of_them() {
    let stage = bare();
    stage.ecr.repository("tools").put(&image(16, 300.0));
    for list in [
        "lambda:ListFunctions",
        "ecs:ListClusters",
        "events:ListRules",
    ] {
        stage.proxy.trouble(list, Trouble::Denied);
        let outcome = stage.succeed(&["init"]);
        stage.proxy.heal();
        assert!(outcome.stderr.contains("warning"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(list), "{list}: {}", outcome.stderr);
        let flat = outcome.stdout.replace("\n  # ", " ");
        assert!(!flat.contains("nothing-in-use"), "{list}: {flat}");
        let told =
            "Nothing that was found uses any image of tools. But not everything could be listed (";
        let (_, missing) = flat
            .split_once(told)
            .unwrap_or_else(|| panic!("{list}: {flat}"));
        assert!(missing.starts_with(list), "{list}: {flat}");

        // And it is a configuration all the same, whose runs are held by that list.
        stage.project.write("launchway.hcl", &outcome.stdout);
        stage.succeed(&[]);
        stage.proxy.trouble(list, Trouble::Denied);
        stage.run(&["--apply"]).assert_failed(16, &[list]);
        stage.proxy.heal();
    }
    // All of it is listed again, and the advice is back.
    assert!(
        stage
            .succeed(&["init"])
            .stdout
            .contains("nothing-in-use:tools")
    );

    // Without the repositories there is nothing to write.
    let rule = launchway_fake_ecr::Rule::new(launchway_fake_ecr::Fault::AccessDenied);
    stage.ecr.fail(rule.operation("DescribeRepositories"));
    let outcome = stage.run(&["init"]);
    outcome.assert_failed(12, &["ecr:DescribeRepositories", "launchway iam prune"]);
    assert_eq!(outcome.stdout, "");
    stage.assert_untouched("init");
}

#[test]
fn an_ecrm_yaml_becomes_a_configuration_that_does_what_it_said() {
    let stage = bare();
    let app = stage.ecr.repository("shop/app");
    for number in 6..=9 {
        app.put(&image(number, 40.0 + f64::from(number)));
    }
    app.put(&image(10, 500.0).tag("release-1"));
    // Not in use any more but by an old revision.
    stage
        .moto
        .register("app", &format!("{ECR_HOST}/shop/app:v2"));
    let file = "clusters:\n  - name_pattern: '*'\n\
        task_definitions:\n  - name: app\n    keep_count: 2\n\
        lambda_functions:\n  - name_pattern: '*'\n    keep_count: 3\n\
        repositories:\n  - name_pattern: shop/*\n    expires: 30days\n    keep_count: 2\n\
        \x20   keep_tag_patterns: [release-*]\n";
    stage.project.write("ecrm.yaml", file);
    let cluster = serde_json::json!({ "clusterName": "prod" });
    stage.moto.ecs("CreateCluster", &cluster);
    let arguments = ["init", "--from", "ecrm.yaml", "--output", "launchway.hcl"];
    stage.succeed(&arguments);
    assert_eq!(stage.ecr.stats().total, 0, "AWS is not asked");

    // No function is there, which is a case of its own and was none for ecrm.
    let planned = stage.run(&["--format", "json"]);
    planned.assert_failed(16, &["function"]);
    let allow = ["--allow", "matches-nothing:function*"];
    let planned = stage.succeed(&[&allow[..], &["--format", "json"]].concat());
    let kept: Vec<u32> = vec![1, 2, 6, 7, 10];
    let expected = (1..=10)
        .filter(|number| !kept.contains(number))
        .map(|number| format!("shop/app@{}", image(number, 0.0).digest()));
    assert_eq!(Plan::read(&planned.stdout).removed(), expected.collect());
    stage.succeed(&[&allow[..], &["--apply"]].concat());
    assert_eq!(app.len(), kept.len());
}
