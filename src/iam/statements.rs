//! From verbs and resources to statements.

use std::collections::BTreeSet;

use super::arn::EcrRepository;
use super::key::{self, Use};
use super::needs::{Needs, ParameterNeed, SecretNeed};
use super::policy::{Policy, Statement};
use super::prune;
use super::verb::Verb;

/// Reading images of a repository.
const PULL: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
];

/// Reading and writing images of a repository.
const PUSH: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
];

/// The first pull through a cache makes the repository and brings the image in.
const PULL_THROUGH: &[&str] = &[
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:BatchImportUpstreamImage",
    "ecr:CreateRepository",
    "ecr:GetDownloadUrlForLayer",
];

/// What ECR's scanner is asked.
const SCAN: &[&str] = &["ecr:DescribeImageScanFindings", "ecr:StartImageScan"];

/// With enhanced scanning, ECR asks Inspector for the findings in the caller's name. Source: the ECR
/// User Guide, "IAM permissions required for enhanced scanning".
const INSPECTOR: &[&str] = &["inspector2:ListCoverage", "inspector2:ListFindings"];

/// Task definitions, and the names that a wrong one is compared with.
const DEFINITIONS: &[&str] = &[
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListServices",
    "ecs:ListTaskDefinitionFamilies",
];

/// The policy of one or several verbs.
pub fn policy(verbs: &[Verb], needs: &Needs) -> Policy {
    let any = |of: &[Verb]| verbs.iter().any(|verb| of.contains(verb));
    let builds = verbs.iter().any(|verb| verb.builds());
    let mut statements = Vec::new();

    let pushed: BTreeSet<&EcrRepository> = match (builds, any(&[Verb::SociAttach])) {
        (true, _) => needs.images.iter().chain(&needs.caches).collect(),
        (false, true) => needs.images.iter().collect(),
        (false, false) => BTreeSet::new(),
    };
    let mut pulled: BTreeSet<&EcrRepository> = BTreeSet::new();
    if builds {
        pulled.extend(&needs.bases);
    }
    if any(&[Verb::SociRead, Verb::Scan]) {
        pulled.extend(&needs.images);
    }
    let pulled: BTreeSet<&EcrRepository> = pulled.difference(&pushed).copied().collect();
    let through: BTreeSet<&EcrRepository> = needs.mirrors.iter().filter(|_| builds).collect();
    if !(pushed.is_empty() && pulled.is_empty() && through.is_empty()) {
        statements.push(anywhere("EcrLogin", &["ecr:GetAuthorizationToken"]));
    }
    let arns = |set: &BTreeSet<&EcrRepository>| set.iter().map(|one| one.arn()).collect::<Vec<_>>();
    statements.push(Statement::new("EcrPull", PULL, arns(&pulled)));
    statements.push(Statement::new("EcrPush", PUSH, arns(&pushed)));
    let below = through.iter().map(|mirror| mirror.below());
    statements.push(Statement::new("EcrPullThrough", PULL_THROUGH, below));
    if any(&[Verb::Release]) && needs.create_repositories {
        let actions = &["ecr:CreateRepository", "ecr:DescribeRepositories"];
        statements.push(Statement::new("EcrCreate", actions, arns(&pushed)));
    }
    let scans = any(&[Verb::Scan]) || (needs.gated && any(&[Verb::Release]));
    if scans && !needs.scanned.is_empty() {
        let scanned = needs.scanned.iter().map(EcrRepository::arn);
        statements.push(Statement::new("EcrScan", SCAN, scanned));
        let setting = &["ecr:GetRegistryScanningConfiguration"];
        statements.push(anywhere("EcrScanType", setting));
        statements.push(anywhere("EcrScanEnhanced", INSPECTOR));
    }
    parameters(&mut statements, verbs, needs);
    if any(&[Verb::Release, Verb::Notify]) {
        notify(&mut statements, needs);
    }
    // A release compares with what runs when no record says what was deployed last.
    let compares = &[Verb::HandoffPull, Verb::HandoffWrite, Verb::Release];
    if any(compares) && needs.definitions {
        let services = needs.services.iter().map(|one| {
            let name = format!("service/{}/{}", one.cluster, one.service);
            one.place.arn("ecs", &name)
        });
        let describe = &["ecs:DescribeServices"];
        statements.push(Statement::new("EcsService", describe, services));
        statements.push(anywhere("EcsTaskDefinition", DEFINITIONS));
    }
    if any(&[Verb::Prune, Verb::PruneApply])
        && let Some(need) = &needs.prune
    {
        prune::add(&mut statements, need, any(&[Verb::PruneApply]));
    }
    if any(&[Verb::Approve]) {
        approve(&mut statements, needs);
    }
    Policy::new(statements)
}

/// For actions that IAM knows no resource of.
fn anywhere(sid: &str, actions: &[&'static str]) -> Statement {
    Statement::new(sid, actions, ["*".to_owned()])
}

fn parameters(statements: &mut Vec<Statement>, verbs: &[Verb], needs: &Needs) {
    let writes = verbs
        .iter()
        .any(|verb| matches!(verb, Verb::Release | Verb::ParameterSet));
    let mut actions: Vec<&'static str> = Vec::new();
    if writes {
        actions.extend(["ssm:GetParameter", "ssm:PutParameter"]);
    }
    if verbs.contains(&Verb::ParameterGet) {
        actions.push("ssm:GetParameter");
    }
    if verbs.contains(&Verb::ParameterHistory) {
        actions.push("ssm:GetParameterHistory");
    }
    if actions.is_empty() {
        return;
    }
    let arns = needs.parameters.iter().map(ParameterNeed::arn);
    statements.push(Statement::new("Parameters", &actions, arns));
    let how = if writes { Use::Write } else { Use::Read };
    statements.extend(key::of_parameters("ParameterKey", &needs.parameters, how));
}

fn notify(statements: &mut Vec<Statement>, needs: &Needs) {
    let topics = needs.topics.iter().cloned();
    statements.push(Statement::new("NotifySns", &["sns:Publish"], topics));
    let buses = needs.buses.iter().cloned();
    let put = &["events:PutEvents"];
    statements.push(Statement::new("NotifyEventBridge", put, buses));
    let arns = |parameters: bool| {
        let secrets = needs.secrets.iter();
        let secrets =
            secrets.filter(move |one| matches!(one, SecretNeed::Parameter { .. }) == parameters);
        secrets.map(SecretNeed::arn)
    };
    let get = &["ssm:GetParameter"];
    statements.push(Statement::new("NotifySecretParameters", get, arns(true)));
    let get = &["secretsmanager:GetSecretValue"];
    statements.push(Statement::new("NotifySecrets", get, arns(false)));
    statements.extend(key::of_secrets("NotifySecretKey", &needs.secrets));
}

fn approve(statements: &mut Vec<Statement>, needs: &Needs) {
    let pipelines = || needs.pipelines.iter();
    let names = pipelines().map(|one| one.place.arn("codepipeline", &one.name));
    let look = &[
        "codepipeline:GetPipeline",
        "codepipeline:GetPipelineState",
        "codepipeline:ListActionExecutions",
    ];
    statements.push(Statement::new("PipelineRead", look, names));
    let answers = pipelines().map(|one| {
        let any = |name: &Option<String>| name.clone().unwrap_or_else(|| "*".to_owned());
        let action = format!("{}/{}/{}", one.name, any(&one.stage), any(&one.action));
        one.place.arn("codepipeline", &action)
    });
    let answer = &["codepipeline:PutApprovalResult"];
    statements.push(Statement::new("PipelineApprove", answer, answers));
}
