//! The data-driven tests: every folder of testdata/iam is one case, with input files and `args`, whose
//! lines are what follows `launchway iam`: verbs, `account=`, `region=` and `pipeline=NAME[/STAGE[/ACTION]]`;
//! `expected.json` is the policy. `BLESS=1` writes it. And what must be true of every policy.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;
use crate::bake::{Request, load};
use crate::config::{
    ParameterTier, PruneAccount, PruneSettings, RepositoryRule, Source, UseSettings,
};
use crate::plan::{self, Handoff, Mode, Options, SociWish};

/// Actions that IAM knows no resource of, from the service authorization reference.
const ANYWHERE: [&str; 21] = [
    "batch:DescribeJobDefinitions",
    "batch:DescribeJobQueues",
    "batch:DescribeJobs",
    "batch:ListJobs",
    "ecr:GetAuthorizationToken",
    "ecr:GetRegistryScanningConfiguration",
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListDaemonTaskDefinitions",
    "ecs:ListDaemons",
    "ecs:ListServices",
    "ecs:ListTaskDefinitionFamilies",
    "ecs:ListTaskDefinitions",
    "ecs:ListTasks",
    "events:ListEventBuses",
    "events:ListRules",
    "inspector2:ListCoverage",
    "inspector2:ListFindings",
    "lambda:ListFunctions",
    "scheduler:ListSchedules",
    "states:ListStateMachines",
];

/// Actions that everybody may do.
const FREE: [&str; 1] = ["sts:GetCallerIdentity"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The policy of a case.
fn run(case: &Path) -> Policy {
    let request = Request {
        directory: case.to_owned(),
        local_platform: "linux/amd64".to_owned(),
        targets_optional: true,
        source: Source {
            commit: Some("0123456789abcdef0123456789abcdef01234567".to_owned()),
            ..Source::default()
        },
        ..Request::default()
    };
    let bake = load(&request).unwrap();
    let options = Options {
        mode: Mode::Release,
        directory: case.to_owned(),
        local_platform: "linux/amd64".parse().unwrap(),
        tags: Vec::new(),
        baseline: None,
        handoff: Handoff::None,
        soci: SociWish::AsDeclared,
    };
    let plan = plan::make(&bake, &request.source, &options).unwrap();
    let (mut defaults, mut verbs, mut pipelines) = (Defaults::default(), Vec::new(), Vec::new());
    for line in fs::read_to_string(case.join("args")).unwrap().lines() {
        match line.split_once('=') {
            None => verbs.extend(line.split(' ').map(str::to_owned)),
            Some(("account", value)) => defaults.account = Some(value.to_owned()),
            Some(("region", value)) => defaults.region = Some(value.to_owned()),
            Some(("pipeline", value)) => pipelines.push(value.to_owned()),
            Some(_) => panic!("{}: unknown line {line:?}", case.display()),
        }
    }
    let (mut needs, place) = Needs::of(&plan, &bake.settings, &defaults);
    needs.pipelines = pipelines
        .iter()
        .map(|pipeline| {
            let mut parts = pipeline.split('/').map(str::to_owned);
            PipelineNeed {
                place: place.clone(),
                name: parts.next().unwrap(),
                stage: parts.next(),
                action: parts.next(),
            }
        })
        .collect();
    policy(&Verb::parse(&verbs).unwrap(), &needs)
}

#[test]
fn policies_of_configurations() {
    #[expect(clippy::disallowed_methods, reason = "a switch of the test itself")]
    let bless = std::env::var_os("BLESS").is_some();
    let cases = fs::read_dir(root().join("testdata/iam")).unwrap();
    let mut cases: Vec<PathBuf> = cases.map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(!cases.is_empty());
    let mut failures = Vec::new();
    for case in &cases {
        let policy = run(case);
        check(&policy);
        let expected = case.join("expected.json");
        if bless {
            fs::write(&expected, policy.to_json()).unwrap();
        }
        let expected = fs::read_to_string(expected).unwrap_or_default();
        if expected != policy.to_json() {
            failures.push(format!("{}:\n{}", case.display(), policy.to_json()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What IAM asks of a document, and we of ourselves.
fn check(policy: &Policy) {
    let mut sids = BTreeSet::new();
    for statement in &policy.statements {
        let sid = &statement.sid;
        assert!(sids.insert(sid), "{sid} is there twice");
        assert!(sid.chars().all(|c| c.is_ascii_alphanumeric()), "{sid}");
        assert!(!statement.actions.is_empty() && !statement.resources.is_empty());
        let open = statement.resources.contains("*");
        for action in &statement.actions {
            assert!(!action.contains('*'), "{sid} allows {action}");
            assert_eq!(open, ANYWHERE.contains(action), "{sid}: {action}");
        }
        for arn in &statement.resources {
            assert!(arn == "*" || arn.split(':').count() >= 6, "{sid}: {arn}");
            let resource = arn.splitn(6, ':').nth(5);
            assert!(arn == "*" || resource != Some("*"), "{sid}: {arn}");
        }
        let keys = statement.actions.iter().any(|one| one.starts_with("kms:"));
        assert_eq!(keys, !statement.conditions.is_empty(), "{sid}");
    }
    let sorted = policy
        .statements
        .is_sorted_by(|one, other| one.sid < other.sid);
    assert!(sorted, "statements are sorted");
}

fn place() -> Place {
    Place {
        region: "ap-northeast-1".to_owned(),
        account: "123456789012".to_owned(),
    }
}

/// Everything that there can be.
fn everything() -> Needs {
    let repository = |path: &str| EcrRepository {
        place: place(),
        path: path.to_owned(),
    };
    let parameter = |name: &str, key: Option<&str>, tier| ParameterNeed {
        place: place(),
        name: name.to_owned(),
        secure: key.is_some(),
        key: key.map(str::to_owned),
        tier,
    };
    Needs {
        images: [repository("shop/web"), repository("shop/api")].into(),
        caches: [repository("shop/cache")].into(),
        bases: [repository("base/php")].into(),
        unknown_bases: [].into(),
        mirrors: [repository("docker-hub")].into(),
        create_repositories: true,
        scanned: [repository("shop/web")].into(),
        gated: true,
        parameters: vec![
            parameter("/shop/web", None, None),
            parameter(
                "/shop/api",
                Some("alias/shop"),
                Some(ParameterTier::Standard),
            ),
            parameter("/shop/all", Some("1234"), Some(ParameterTier::Advanced)),
        ],
        topics: ["arn:aws:sns:ap-northeast-1:123456789012:releases".to_owned()].into(),
        buses: ["arn:aws:events:ap-northeast-1:123456789012:event-bus/default".to_owned()].into(),
        secrets: [
            SecretNeed::Parameter {
                place: place(),
                name: "/slack/url".to_owned(),
            },
            SecretNeed::Secret {
                place: place(),
                name: "chatwork".to_owned(),
            },
        ]
        .into(),
        services: [ServiceNeed {
            place: place(),
            cluster: "shop".to_owned(),
            service: "web".to_owned(),
        }]
        .into(),
        definitions: true,
        pipelines: vec![PipelineNeed {
            place: place(),
            name: "shop".to_owned(),
            stage: Some("Approve".to_owned()),
            action: None,
        }],
        prune: Some(PruneNeed::of(&pruned(), &place())),
    }
}

/// A prune block with all that it can look at.
fn pruned() -> PruneSettings {
    let rule = |archive| RepositoryRule {
        pattern: "shop/*".parse().unwrap(),
        policy: crate::prune::Policy {
            archive,
            ..crate::prune::Policy::default()
        },
    };
    PruneSettings {
        accounts: vec![
            PruneAccount {
                repositories: true,
                ..PruneAccount::default()
            },
            PruneAccount {
                name: "prod".to_owned(),
                role: Some("arn:aws:iam::210987654321:role/prune".to_owned()),
                ..PruneAccount::default()
            },
        ],
        repositories: vec![rule(true), rule(false)],
        uses: UseSettings {
            step_functions: true,
            parameters: vec!["/shop/web".to_owned(), "/shop/*".to_owned()],
            ..UseSettings::default()
        },
        ..PruneSettings::default()
    }
}

fn all_verbs() -> Vec<Verb> {
    let names: Vec<String> = Verb::names().collect();
    let words: Vec<String> = names
        .iter()
        .flat_map(|name| name.split(' ').map(str::to_owned))
        .collect();
    Verb::parse(&words).unwrap()
}

#[test]
fn every_verb_has_a_valid_policy() {
    let needs = everything();
    for verb in all_verbs() {
        check(&policy(&[verb], &needs));
        check(&policy(&[verb], &Needs::default()));
    }
    let all = policy(&all_verbs(), &needs);
    check(&all);
    // Whoever releases does not prune with the same role.
    let prunes = |verb: &Verb| matches!(verb, Verb::Prune | Verb::PruneApply);
    let (prune, others): (Vec<Verb>, Vec<Verb>) = all_verbs().into_iter().partition(prunes);
    for verbs in [prune, others] {
        let size = policy(&verbs, &needs).size();
        assert!(size < MANAGED_LIMIT, "{size}");
    }
    assert!(
        policy(&all_verbs(), &Needs::default())
            .statements
            .is_empty()
    );
    assert!(policy(&[Verb::Plan], &needs).statements.is_empty());
}

/// Whoever adds a call to AWS is told here to grant it.
#[test]
fn every_action_that_is_called_is_granted() {
    let granted: BTreeSet<&str> = policy(&all_verbs(), &everything())
        .statements
        .iter()
        .flat_map(|statement| statement.actions.clone())
        .collect();
    let mut called = BTreeSet::new();
    for entry in fs::read_dir(root().join("src/aws")).unwrap() {
        let path = entry.unwrap().path();
        // A folder holds the tests of its module.
        if path.is_dir() {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        // Tests say what they like.
        let code = text.split("#[cfg(test)]").next().unwrap();
        for literal in code.split('"').skip(1).step_by(2) {
            if let Some((service, action)) = literal.split_once(':')
                && !service.is_empty()
                && service.bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
                && action.starts_with(|c: char| c.is_ascii_uppercase())
                && action.bytes().all(|b| b.is_ascii_alphanumeric())
            {
                called.insert(literal.to_owned());
            }
        }
    }
    assert!(called.contains("ecr:GetAuthorizationToken"), "{called:?}");
    assert!(called.contains("ssm:PutParameter"), "{called:?}");
    let missing: Vec<&String> = called
        .iter()
        .filter(|action| !granted.contains(action.as_str()) && !FREE.contains(&action.as_str()))
        .collect();
    assert!(missing.is_empty(), "no policy grants {missing:?}");
}

#[test]
fn reading_is_less_than_writing() {
    let actions = |verb| -> BTreeSet<&str> {
        let policy = policy(&[verb], &everything());
        let actions = policy.statements.iter();
        actions.flat_map(|one| one.actions.clone()).collect()
    };
    let removes = ["ecr:BatchDeleteImage", "ecr:UpdateImageStorageClass"];
    let both: BTreeSet<&str> = actions(Verb::Prune)
        .union(&removes.into())
        .copied()
        .collect();
    assert!(
        removes
            .iter()
            .all(|one| !actions(Verb::Prune).contains(one))
    );
    assert_eq!(actions(Verb::PruneApply), both);
    assert!(!actions(Verb::SociRead).contains("ecr:PutImage"));
    assert!(!actions(Verb::Scan).contains("ecr:PutImage"));
    assert!(!actions(Verb::ParameterGet).contains("ssm:PutParameter"));
    assert!(!actions(Verb::ParameterGet).contains("kms:Encrypt"));
    let bake = policy(&[Verb::Bake], &everything());
    assert!(bake.statements.iter().all(|one| one.sid != "EcrCreate"));
    assert!(!actions(Verb::Notify).contains("ecr:GetAuthorizationToken"));
    assert_eq!(
        actions(Verb::ParameterHistory),
        ["kms:Decrypt", "ssm:GetParameterHistory"].into()
    );
}

#[test]
fn the_other_forms_hold_the_same() {
    let policy = policy(&[Verb::ParameterSet, Verb::Approve], &everything());
    insta::assert_snapshot!(terraform(&policy), @"
    data \"aws_iam_policy_document\" \"launchway\" {
      statement {
        sid       = \"ParameterKey\"
        actions   = [
          \"kms:Decrypt\",
          \"kms:Encrypt\",
        ]
        resources = [\"arn:aws:kms:ap-northeast-1:123456789012:key/*\"]

        condition {
          test     = \"ForAnyValue:StringEquals\"
          variable = \"kms:ResourceAliases\"
          values   = [\"alias/shop\"]
        }

        condition {
          test     = \"StringLike\"
          variable = \"kms:EncryptionContext:PARAMETER_ARN\"
          values   = [\"arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/api\"]
        }

        condition {
          test     = \"StringLike\"
          variable = \"kms:ViaService\"
          values   = [\"ssm.ap-northeast-1.amazonaws.com\"]
        }
      }

      statement {
        sid       = \"ParameterKey2\"
        actions   = [
          \"kms:Decrypt\",
          \"kms:GenerateDataKey\",
        ]
        resources = [\"arn:aws:kms:ap-northeast-1:123456789012:key/1234\"]

        condition {
          test     = \"StringLike\"
          variable = \"kms:EncryptionContext:PARAMETER_ARN\"
          values   = [\"arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/all\"]
        }

        condition {
          test     = \"StringLike\"
          variable = \"kms:ViaService\"
          values   = [\"ssm.ap-northeast-1.amazonaws.com\"]
        }
      }

      statement {
        sid       = \"Parameters\"
        actions   = [
          \"ssm:GetParameter\",
          \"ssm:PutParameter\",
        ]
        resources = [
          \"arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/all\",
          \"arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/api\",
          \"arn:aws:ssm:ap-northeast-1:123456789012:parameter/shop/web\",
        ]
      }

      statement {
        sid       = \"PipelineApprove\"
        actions   = [\"codepipeline:PutApprovalResult\"]
        resources = [\"arn:aws:codepipeline:ap-northeast-1:123456789012:shop/Approve/*\"]
      }

      statement {
        sid       = \"PipelineRead\"
        actions   = [
          \"codepipeline:GetPipeline\",
          \"codepipeline:GetPipelineState\",
          \"codepipeline:ListActionExecutions\",
        ]
        resources = [\"arn:aws:codepipeline:ap-northeast-1:123456789012:shop\"]
      }
    }
    ");
    let template: serde_json::Value =
        serde_json::from_str(&cloudformation(&policy, "What launchway needs")).unwrap();
    let resource = &template["Resources"]["LaunchwayPolicy"];
    assert_eq!(resource["Type"], "AWS::IAM::ManagedPolicy");
    let document = &resource["Properties"]["PolicyDocument"];
    let plain: serde_json::Value = serde_json::from_str(&policy.to_json()).unwrap();
    assert_eq!(*document, plain);
    assert_eq!(plain["Version"], "2012-10-17");
    assert_eq!(plain["Statement"][0]["Effect"], "Allow");
}
