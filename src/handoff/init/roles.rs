//! The roles of the build and of the pipeline, with what they need and no more.

use super::text::Text;
use super::{Kind, Setup};

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
        let mut services = setup.services.iter();
        if services.any(|one| one.kind == Kind::Batch && one.service.is_some()) {
            text.add(14, UPDATE);
        }
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
        text.add(14, ECS);
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

const CLONE: &str = "\
- !If
  - FullClone
  - Sid: Clone
    Effect: Allow
    Action: codestar-connections:UseConnection
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

const UPDATE: &str = "\
- Sid: Update
  Effect: Allow
  Action: ecs:UpdateService
  Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/*
";

/// Handing the tasks' roles to ECS, and to nothing else.
fn pass_role(text: &mut Text, setup: &Setup, wanted: &dyn Fn(Kind) -> bool) {
    text.add(
        14,
        "- Sid: PassRole\n  Effect: Allow\n  Action: iam:PassRole\n  Condition:\n    \
         StringEquals:\n      iam:PassedToService: ecs-tasks.amazonaws.com",
    );
    let services = || setup.services.iter().filter(|one| wanted(one.kind));
    let mut roles: Vec<&str> = services()
        .flat_map(|one| &one.roles)
        .map(String::as_str)
        .collect();
    roles.sort_unstable();
    roles.dedup();
    if services().any(|one| one.roles.is_empty()) {
        // One list for all: a parameter cannot be joined with others.
        for role in roles {
            text.add(16, &format!("# {role} belongs into it, too."));
        }
        text.add(16, "Resource: !Ref TaskRoles");
        return;
    }
    text.add(16, "Resource:");
    for role in roles {
        text.add(18, &format!("- {role}"));
    }
}

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
  Action: codestar-connections:UseConnection
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

// DescribeTaskDefinition and ListTasks know no resources, or not those of a service.
const ECS: &str = "\
- Sid: Update
  Effect: Allow
  Action:
    - ecs:DescribeServices
    - ecs:UpdateService
  Resource: !Sub arn:${AWS::Partition}:ecs:${AWS::Region}:${AWS::AccountId}:service/*
- Sid: Look
  Effect: Allow
  Action:
    - ecs:DescribeTaskDefinition
    - ecs:DescribeTasks
    - ecs:ListTasks
  Resource: \"*\"
";
