//! The roles of the build and of the pipeline, with what they need and no more.

use std::collections::BTreeSet;

use super::deploy::last;
use super::text::Text;
use super::{Kind, Service, Setup};

/// Both roles.
pub(super) fn add(text: &mut Text, setup: &Setup) {
    text.add(2, BUILD);
    ecr(text, setup);
    if setup.source.by_connection() {
        text.add(14, CLONE);
    } else {
        text.add(14, PULL);
    }
    if setup.services.iter().any(|one| one.kind == Kind::Batch) {
        text.add(14, REGISTER);
        update_batch(text, setup);
        pass_role(text, setup, &|kind| kind == Kind::Batch);
    }
    text.add(2, PIPELINE);
    text.add(
        14,
        if setup.source.by_connection() {
            CONNECTION
        } else {
            CODECOMMIT
        },
    );
    let has = |wanted: &[Kind]| setup.services.iter().any(|one| wanted.contains(&one.kind));
    if has(&[Kind::BlueGreen]) {
        code_deploy(text, setup);
    }
    if has(&[Kind::Rolling, Kind::EcsBlueGreen]) {
        ecs(text, setup);
    }
    if has(&[Kind::BlueGreen, Kind::Rolling, Kind::EcsBlueGreen]) {
        text.add(14, REGISTER);
        pass_role(text, setup, &|kind| kind != Kind::Batch);
    }
}

const BUILD: &str = "
# `launchway iam release` prints what else this configuration needs: base images, scans,
# notifications, parameters.
BuildRole:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Version: \"2012-10-17\"
      Statement:
        - Effect: Allow
          Principal:
            Service: codebuild.amazonaws.com
          Action: sts:AssumeRole
    Policies:
      - PolicyName: build
        PolicyDocument:
          Version: \"2012-10-17\"
          Statement:
            - Sid: Logs
              Effect: Allow
              Action:
                - logs:CreateLogGroup
                - logs:CreateLogStream
                - logs:PutLogEvents
              Resource:
                - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/codebuild/${AWS::StackName}-build
                - !Sub arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/codebuild/${AWS::StackName}-build:*
            # A bucket with a key of its own needs kms:Decrypt and kms:GenerateDataKey for that key.
            - Sid: Artifacts
              Effect: Allow
              Action:
                - s3:GetObject
                - s3:GetObjectVersion
                - s3:PutObject
              Resource: !Sub arn:${AWS::Partition}:s3:::${ArtifactBucket}/*
            - Sid: Launchway
              Effect: Allow
              Action: s3:GetObject
              Resource: !Sub arn:${AWS::Partition}:s3:::${LaunchwayBucket}/${LaunchwayKey}
";

fn ecr(text: &mut Text, setup: &Setup) {
    if setup.repositories.is_empty() {
        text.add(14, "# No image of this configuration is in ECR.");
        return;
    }
    text.add(14, LOGIN);
    if setup.create_repositories {
        text.add(16, "  - ecr:CreateRepository\n  - ecr:DescribeRepositories");
    }
    text.add(16, "Resource:");
    for repository in &setup.repositories {
        let host = &repository.host;
        text.add(
            18,
            &format!(
                "- !Sub arn:${{AWS::Partition}}:ecr:{}:{}:repository/{}",
                host.region, host.account, repository.path
            ),
        );
    }
}

const LOGIN: &str = "\
- Sid: Login
  Effect: Allow
  Action: ecr:GetAuthorizationToken
  Resource: \"*\"
- Sid: Images
  Effect: Allow
  Action:
    - ecr:BatchCheckLayerAvailability
    - ecr:BatchGetImage
    - ecr:CompleteLayerUpload
    - ecr:GetDownloadUrlForLayer
    - ecr:InitiateLayerUpload
    - ecr:PutImage
    - ecr:UploadLayerPart
";

// Connections made before 2024 have ARNs, and actions, of the service's former name.
const CLONE: &str = "\
- !If
  - FullClone
  - Sid: Clone
    Effect: Allow
    Action:
      - codestar-connections:UseConnection
      - codeconnections:UseConnection
    Resource: !Ref ConnectionArn
  - !Ref AWS::NoValue
";

const PULL: &str = "\
- !If
  - FullClone
  - Sid: Clone
    Effect: Allow
    Action: codecommit:GitPull
    Resource: !Sub arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:${RepositoryName}
  - !Ref AWS::NoValue
";

// RegisterTaskDefinition knows no resources.
const REGISTER: &str = "\
- Sid: Register
  Effect: Allow
  Action: ecs:RegisterTaskDefinition
  Resource: \"*\"
- Sid: Tag
  Effect: Allow
  Action: ecs:TagResource
  Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:task-definition/*
  Condition:
    StringEquals:
      ecs:CreateAction: RegisterTaskDefinition
";

/// The services that a batch's build itself gives new revisions.
fn update_batch(text: &mut Text, setup: &Setup) {
    let services = setup.services.iter().filter(|one| one.kind == Kind::Batch);
    let services: BTreeSet<String> = services
        .filter_map(|one| {
            let cluster = one.cluster.as_deref().map_or("default", last);
            Some(service_arn(cluster, last(one.service.as_deref()?)))
        })
        .collect();
    if services.is_empty() {
        return;
    }
    text.add(14, UPDATE);
    for service in services {
        text.add(18, &service);
    }
}

const UPDATE: &str = "\
- Sid: Update
  Effect: Allow
  Action: ecs:UpdateService
  Resource:
";

/// An entry of a `Resource`; names may be `${Parameters}`.
fn service_arn(cluster: &str, service: &str) -> String {
    format!(
        "- !Sub arn:${{AWS::Partition}}:ecs:${{AWS::Region}}:${{AWS::AccountId}}:service/{cluster}/{service}"
    )
}

/// Handing the tasks' roles to ECS, and to nothing else. Nothing where no task has a role.
fn pass_role(text: &mut Text, setup: &Setup, wanted: &dyn Fn(Kind) -> bool) {
    let services = || setup.services.iter().filter(|one| wanted(one.kind));
    let roles: BTreeSet<&str> = services()
        .flat_map(|one| &one.roles)
        .map(String::as_str)
        .collect();
    if !roles.is_empty() {
        text.add(14, &PASS.replace("SID", "PassRole"));
        text.add(16, "Resource:");
        for role in roles {
            let role = if role.starts_with("arn:") {
                format!("- {role}")
            } else {
                // Task definitions may have names, and policies may not.
                format!("- !Sub arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{role}")
            };
            text.add(18, &role);
        }
    }
    // A parameter that is a list cannot be joined with others.
    if services().any(|one| one.unknown_roles) {
        text.add(14, &PASS.replace("SID", "PassTaskRoles"));
        text.add(16, "Resource: !Ref TaskRoles");
    }
}

const PASS: &str = "\
- Sid: SID
  Effect: Allow
  Action: iam:PassRole
  Condition:
    StringEquals:
      iam:PassedToService: ecs-tasks.amazonaws.com
";

const PIPELINE: &str = "
PipelineRole:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Version: \"2012-10-17\"
      Statement:
        - Effect: Allow
          Principal:
            Service: codepipeline.amazonaws.com
          Action: sts:AssumeRole
    Policies:
      - PolicyName: pipeline
        PolicyDocument:
          Version: \"2012-10-17\"
          Statement:
            - Sid: Artifacts
              Effect: Allow
              Action:
                - s3:GetObject
                - s3:GetObjectVersion
                - s3:PutObject
              Resource: !Sub arn:${AWS::Partition}:s3:::${ArtifactBucket}/*
            - Sid: Bucket
              Effect: Allow
              Action:
                - s3:GetBucketLocation
                - s3:GetBucketVersioning
              Resource: !Sub arn:${AWS::Partition}:s3:::${ArtifactBucket}
            - Sid: Build
              Effect: Allow
              Action:
                - codebuild:BatchGetBuilds
                - codebuild:StartBuild
              Resource: !GetAtt BuildProject.Arn
";

const CONNECTION: &str = "\
- Sid: Source
  Effect: Allow
  Action:
    - codestar-connections:UseConnection
    - codeconnections:UseConnection
  Resource: !Ref ConnectionArn
";

const CODECOMMIT: &str = "\
- Sid: Source
  Effect: Allow
  Action:
    - codecommit:CancelUploadArchive
    - codecommit:GetBranch
    - codecommit:GetCommit
    - codecommit:GetRepository
    - codecommit:GetUploadArchiveStatus
    - codecommit:UploadArchive
  Resource: !Sub arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:${RepositoryName}
";

fn code_deploy(text: &mut Text, setup: &Setup) {
    text.add(14, CODE_DEPLOY);
    for service in setup
        .services
        .iter()
        .filter(|one| one.kind == Kind::BlueGreen)
    {
        let prefix = super::logical(&service.name);
        text.add(
            18,
            &format!(
                "\
- !Sub arn:${{AWS::Partition}}:codedeploy:${{AWS::Region}}:${{AWS::AccountId}}:application:${{{prefix}Application}}
- !Sub arn:${{AWS::Partition}}:codedeploy:${{AWS::Region}}:${{AWS::AccountId}}:deploymentgroup:${{{prefix}Application}}/${{{prefix}DeploymentGroup}}"
            ),
        );
    }
}

const CODE_DEPLOY: &str = "\
- Sid: DeploymentConfiguration
  Effect: Allow
  Action: codedeploy:GetDeploymentConfig
  Resource: !Sub arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}:deploymentconfig:*
- Sid: Deploy
  Effect: Allow
  Action:
    - codedeploy:CreateDeployment
    - codedeploy:GetApplication
    - codedeploy:GetApplicationRevision
    - codedeploy:GetDeployment
    - codedeploy:RegisterApplicationRevision
  Resource:
";

/// The services that the ECS action updates, and nothing else.
fn ecs(text: &mut Text, setup: &Setup) {
    text.add(14, ECS);
    let by_ecs = |one: &&Service| matches!(one.kind, Kind::Rolling | Kind::EcsBlueGreen);
    for service in setup.services.iter().filter(by_ecs) {
        let prefix = super::logical(&service.name);
        let parameter = |name: &str| format!("${{{prefix}{name}}}");
        text.add(
            18,
            &service_arn(&parameter("Cluster"), &parameter("Service")),
        );
    }
    text.add(14, LOOK);
}

const ECS: &str = "\
- Sid: Update
  Effect: Allow
  Action:
    - ecs:DescribeServices
    - ecs:UpdateService
  Resource:
";

// These know no resources, or not those of a service.
const LOOK: &str = "\
- Sid: Look
  Effect: Allow
  Action:
    - ecs:DescribeTaskDefinition
    - ecs:DescribeTasks
    - ecs:ListTasks
  Resource: \"*\"
";
