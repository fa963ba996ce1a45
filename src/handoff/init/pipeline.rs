//! `pipeline.yml`: a `CloudFormation` template with the build project, the pipeline and their roles.

use super::text::Text;
use super::{Artifact, Setup, deploy, roles, source};

/// The whole file.
pub(super) fn text(setup: &Setup, artifacts: &[Artifact]) -> String {
    let mut text = Text::default();
    text.add(
        0,
        "# Made by `launchway handoff init`; yours to change.\n\
         AWSTemplateFormatVersion: \"2010-09-09\"\n\
         Description: Builds, pushes and deploys with Launchway\n\n\
         Parameters:",
    );
    source::parameters(&mut text, setup.source);
    build_parameters(&mut text, setup);
    deploy::parameters(&mut text, setup);
    text.add(
        0,
        "\nConditions:\n  FullClone: !Equals [!Ref SourceFormat, CODEBUILD_CLONE_REF]\n\nResources:",
    );
    build_project(&mut text, setup);
    text.add(2, PIPELINE);
    source::triggers(&mut text, setup.source);
    text.add(6, "Stages:");
    source::stage(&mut text, setup.source);
    build_stage(&mut text, artifacts);
    deploy::stages(&mut text, setup);
    source::rule(&mut text, setup.source);
    roles::add(&mut text, setup);
    text.finish()
}

/// Whether everything is for ARM alone, which an ARM machine builds without an emulator.
fn only_arm(setup: &Setup) -> bool {
    let mut platforms = setup.platforms.iter();
    !setup.platforms.is_empty() && platforms.all(|platform| platform.contains("/arm64"))
}

fn build_parameters(text: &mut Text, setup: &Setup) {
    let image = if only_arm(setup) {
        "aws/codebuild/amazonlinux-aarch64-standard:3.0"
    } else {
        "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    };
    text.add(2, &BUILD_PARAMETERS.replace("IMAGE", image));
}

const BUILD_PARAMETERS: &str = "\
ArtifactBucket:
  Type: String
  Description: An S3 bucket for what the stages give each other
LaunchwayBucket:
  Type: String
  Description: The S3 bucket with the archive of Launchway
LaunchwayKey:
  Type: String
  Description: The archive in it, a .tar.gz with bin/launchway and libexec/launchway/
BuildImage:
  Type: String
  Default: IMAGE
ComputeType:
  Type: String
  Default: BUILD_GENERAL1_MEDIUM
";

fn build_project(text: &mut Text, setup: &Setup) {
    let kind = if only_arm(setup) {
        "ARM_CONTAINER"
    } else {
        "LINUX_CONTAINER"
    };
    text.add(2, &BUILD_PROJECT.replace("KIND", kind));
    if let Some(environment) = &setup.environment {
        text.add(
            10,
            &format!("- Name: LAUNCHWAY_ENV\n  Value: \"{environment}\""),
        );
    }
}

const BUILD_PROJECT: &str = "\
BuildProject:
  Type: AWS::CodeBuild::Project
  Properties:
    Name: !Sub ${AWS::StackName}-build
    ServiceRole: !GetAtt BuildRole.Arn
    TimeoutInMinutes: 60
    Artifacts:
      Type: CODEPIPELINE
    Source:
      Type: CODEPIPELINE
      BuildSpec: buildspec.yml
    Environment:
      Type: KIND
      Image: !Ref BuildImage
      ComputeType: !Ref ComputeType
      # BuildKit mounts file systems and starts containers.
      PrivilegedMode: true
      EnvironmentVariables:
        - Name: LAUNCHWAY_ARCHIVE
          Value: !Sub s3://${LaunchwayBucket}/${LaunchwayKey}
";

const PIPELINE: &str = "
Pipeline:
  Type: AWS::CodePipeline::Pipeline
  Properties:
    PipelineType: V2
    RoleArn: !GetAtt PipelineRole.Arn
    ArtifactStore:
      Type: S3
      Location: !Ref ArtifactBucket
";

fn build_stage(text: &mut Text, artifacts: &[Artifact]) {
    text.add(8, BUILD_STAGE);
    if !artifacts.is_empty() {
        text.add(14, "OutputArtifacts:");
        for artifact in artifacts {
            text.add(16, &format!("- Name: {}", artifact.name));
        }
    }
}

// Variables of the source that a build may want are passed by the action, not by the project; the
// branch is not, since it is not known when a tag started the pipeline.
const BUILD_STAGE: &str = "\
- Name: Build
  Actions:
    - Name: Build
      Namespace: BuildVariables
      ActionTypeId:
        Category: Build
        Owner: AWS
        Provider: CodeBuild
        Version: \"1\"
      Configuration:
        ProjectName: !Ref BuildProject
        # Where tags or caches use the branch, add (a run that a tag started has none):
        # EnvironmentVariables: '[{\"name\": \"LAUNCHWAY_BRANCH\", \"value\": \"#{SourceVariables.BranchName}\"}]'
      InputArtifacts:
        - Name: source
";
