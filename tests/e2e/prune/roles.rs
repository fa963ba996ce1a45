//! Accounts by an assumed role: how often it is assumed, with what, and what happens when it may not be.

use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::plain::{PlainStage, image};
use crate::support::Trouble;
use crate::support::moto::{ACCOUNT, key_of};

const RULES: &str = r#"
prune {
  expire = "30d"
  repository "shop/*" {}

  account "shop" {}
  account "team" {
    role        = "arn:aws:iam::210987654321:role/prune"
    external_id = "shop-42"
    regions     = ["eu-west-1", "eu-central-1"]
  }
  account "tools" {
    role    = "arn:aws:iam::333333333333:role/prune"
    regions = ["us-east-1"]
  }
}
"#;

/// A stage with old images in each place, and what was asked of STS.
fn stage() -> (PlainStage, Arc<Mutex<Vec<Value>>>) {
    let stage = PlainStage::new(RULES);
    let asked: Arc<Mutex<Vec<Value>>> = Arc::default();
    let log = Arc::clone(&asked);
    stage.proxy.script("sts:AssumeRole", move |_, form| {
        log.lock().unwrap().push(form.clone());
        None
    });
    // The roles' keys are moto's; the ECR learns whose they are.
    let told = Arc::clone(&stage.ecr);
    stage.proxy.watch("sts:AssumeRole", move |xml| {
        let account = xml.split_once("arn:aws:sts::").unwrap().1;
        told.set_account(key_of(xml).unwrap(), &account[..12]);
    });
    for (account, region) in PLACES {
        let repository = stage.ecr.repository_of(account, region, "shop/app");
        for number in 1..=2 {
            repository.put(&image(number, 100.0));
        }
        stage.moto.register(
            "one-of-each",
            &format!("{account}.dkr.ecr.{region}.amazonaws.com/shop/app:v1"),
        );
    }
    (stage, asked)
}

const PLACES: [(&str, &str); 3] = [
    ("210987654321", "eu-west-1"),
    ("210987654321", "eu-central-1"),
    ("333333333333", "us-east-1"),
];

/// How many images are left in each of the places.
fn left(stage: &PlainStage) -> [usize; 3] {
    PLACES.map(|(account, region)| stage.ecr.repository_of(account, region, "shop/app").len())
}

#[test]
fn a_role_is_assumed_once_for_all_of_its_regions() {
    let (stage, asked) = stage();
    // Each revision is a use: it is not only the newest that protects.
    stage.project.write(
        "launchway.hcl",
        &RULES.replace(
            "  account \"shop\" {}",
            "  family \"*\" { keep = 9 }\n  account \"shop\" {}",
        ),
    );
    stage.succeed(&["--apply"]);
    assert_eq!(left(&stage), [1, 1, 1]);
    let asked = asked.lock().unwrap();
    // For each account once to see whether it may be, and once for all requests of all its regions.
    let (team, tools) = (
        "arn:aws:iam::210987654321:role/prune",
        "arn:aws:iam::333333333333:role/prune",
    );
    let roles = asked.iter().map(|one| one["RoleArn"].as_str().unwrap());
    let roles: Vec<&str> = roles.collect();
    assert_eq!(roles[..2], [team, tools]);
    let mut rest = roles[2..].to_vec();
    rest.sort_unstable();
    assert_eq!(rest, [team, tools]);
    for one in asked.iter() {
        let expected = if one["RoleArn"] == team {
            "shop-42".into()
        } else {
            Value::Null
        };
        assert_eq!(one["ExternalId"], expected);
        assert_eq!(one["RoleSessionName"], "launchway-prune");
    }
    // Its credentials are used for nothing but its own account.
    let mut calls = stage.ecr.calls();
    calls.retain(|call| call.operation == "BatchDeleteImage");
    let accounts: Vec<&str> = calls.iter().map(|call| call.account.as_str()).collect();
    for account in [ACCOUNT, "210987654321", "333333333333"] {
        assert!(accounts.contains(&account), "{accounts:?}");
    }
}

#[test]
fn a_role_that_may_not_be_assumed_holds_everything() {
    let (stage, asked) = stage();
    for trouble in [
        Trouble::Denied,
        Trouble::Throttled,
        Trouble::Broken,
        Trouble::Reset,
    ] {
        stage.proxy.trouble("sts:AssumeRole", trouble);
        let hits = stage.proxy.hits("sts:AssumeRole");
        for arguments in [&["--apply"][..], &["--format", "json"]] {
            let outcome = stage.run(arguments);
            outcome.assert_failed(12, &["the account \"team\" cannot be looked at"]);
            if trouble == Trouble::Denied {
                outcome.assert_failed(12, &["not authorized to perform: sts:AssumeRole"]);
            }
            assert_eq!(outcome.stdout, "", "{trouble:?}");
        }
        assert!(stage.proxy.hits("sts:AssumeRole") > hits);
        // Not in the account that needs no role, either.
        stage.assert_untouched(&format!("{trouble:?}"));
        assert_eq!(left(&stage), [2, 2, 2], "{trouble:?}");
        stage.proxy.heal();
    }
    assert_eq!(stage.ecr.stats().total, 0, "nothing is asked without it");
    assert!(asked.lock().unwrap().is_empty());
    // What is throttled once is tried again.
    stage
        .proxy
        .trouble("sts:AssumeRole", Trouble::ThrottledOnce);
    stage.succeed(&["--format", "json"]);
    assert_eq!(asked.lock().unwrap().len(), 4);
}
