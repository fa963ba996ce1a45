//! Where a pipeline's sources come from, and what starts it.

use super::text::Text;

/// The kind of repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Source {
    /// GitHub, by a connection.
    #[default]
    Github,
    /// GitLab, by a connection.
    Gitlab,
    /// Bitbucket, by a connection.
    Bitbucket,
    /// `CodeCommit`.
    Codecommit,
}

impl Source {
    /// It is reached by a connection, and V2 triggers work.
    pub(super) fn by_connection(self) -> bool {
        self != Self::Codecommit
    }

    fn shown(self) -> &'static str {
        match self {
            Self::Github => "GitHub",
            Self::Gitlab => "GitLab",
            Self::Bitbucket => "Bitbucket",
            Self::Codecommit => "CodeCommit",
        }
    }
}

/// The template's parameters for it.
pub(super) fn parameters(text: &mut Text, source: Source) {
    if source.by_connection() {
        text.add(2, &CONNECTION.replace("HOST", source.shown()));
    } else {
        text.add(2, REPOSITORY);
    }
    text.add(2, FORMAT);
}

const CONNECTION: &str = "\
ConnectionArn:
  Type: String
  Description: The connection to HOST, made and confirmed in the console
RepositoryId:
  Type: String
  Description: OWNER/NAME at HOST
Branch:
  Type: String
  Default: main
  Description: What a run started by hand builds
TriggerBranches:
  Type: CommaDelimitedList
  Default: main
  Description: Pushes to these start the pipeline; patterns such as feature/* and release/** work
TriggerTags:
  Type: CommaDelimitedList
  Default: v*
  Description: Pushes of these tags start the pipeline
";

const REPOSITORY: &str = "\
RepositoryName:
  Type: String
  Description: The CodeCommit repository, in this account and region
Branch:
  Type: String
  Default: main
  Description: What a run started by hand builds
BranchPrefix:
  Type: String
  Default: main
  Description: Pushes to branches that begin so start the pipeline, for example feature/
TagPrefix:
  Type: String
  Default: v
  Description: Pushes of tags that begin so start the pipeline
";

const FORMAT: &str = "\
SourceFormat:
  Type: String
  Default: CODE_ZIP
  AllowedValues: [CODE_ZIP, CODEBUILD_CLONE_REF]
  Description: CODE_ZIP has no .git folder; CODEBUILD_CLONE_REF is a clone, for builds that need it
";

/// What starts the pipeline, as a property of it. Where there are triggers, CodePipeline's own
/// detection of changes is off.
pub(super) fn triggers(text: &mut Text, source: Source) {
    if source.by_connection() {
        text.add(6, TRIGGERS);
    }
}

const TRIGGERS: &str = "\
Triggers:
  - ProviderType: CodeStarSourceConnection
    GitConfiguration:
      SourceActionName: Source
      Push:
        - Branches:
            Includes: !Ref TriggerBranches
        - Tags:
            Includes: !Ref TriggerTags
";

/// The source stage.
pub(super) fn stage(text: &mut Text, source: Source) {
    text.add(
        8,
        if source.by_connection() {
            CONNECTION_STAGE
        } else {
            CODECOMMIT_STAGE
        },
    );
}

const CONNECTION_STAGE: &str = "\
- Name: Source
  Actions:
    - Name: Source
      Namespace: SourceVariables
      ActionTypeId:
        Category: Source
        Owner: AWS
        Provider: CodeStarSourceConnection
        Version: \"1\"
      Configuration:
        ConnectionArn: !Ref ConnectionArn
        FullRepositoryId: !Ref RepositoryId
        BranchName: !Ref Branch
        OutputArtifactFormat: !Ref SourceFormat
      OutputArtifacts:
        - Name: source
";

const CODECOMMIT_STAGE: &str = "\
- Name: Source
  Actions:
    - Name: Source
      Namespace: SourceVariables
      ActionTypeId:
        Category: Source
        Owner: AWS
        Provider: CodeCommit
        Version: \"1\"
      Configuration:
        RepositoryName: !Ref RepositoryName
        BranchName: !Ref Branch
        PollForSourceChanges: false
        OutputArtifactFormat: !Ref SourceFormat
      OutputArtifacts:
        - Name: source
";

/// For `CodeCommit`, which has no triggers: a rule that starts the pipeline with the commit that was
/// pushed, so that other branches than the source action's own work, too.
pub(super) fn rule(text: &mut Text, source: Source) {
    if !source.by_connection() {
        text.add(2, RULE);
    }
}

const RULE: &str = r#"
# CodeCommit has no triggers in the pipeline itself.
StartRule:
  Type: AWS::Events::Rule
  Properties:
    EventPattern:
      source: [aws.codecommit]
      detail-type: [CodeCommit Repository State Change]
      resources:
        - !Sub arn:${AWS::Partition}:codecommit:${AWS::Region}:${AWS::AccountId}:${RepositoryName}
      detail:
        event: [referenceCreated, referenceUpdated]
        $or:
          - referenceType: [branch]
            referenceName:
              - prefix: !Ref BranchPrefix
          - referenceType: [tag]
            referenceName:
              - prefix: !Ref TagPrefix
    Targets:
      - Id: pipeline
        Arn: !Sub arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:${Pipeline}
        RoleArn: !GetAtt StartRole.Arn
        InputTransformer:
          InputPathsMap:
            commit: $.detail.commitId
          InputTemplate: '{"sourceRevisions": [{"actionName": "Source", "revisionType": "COMMIT_ID", "revisionValue": <commit>}]}'

StartRole:
  Type: AWS::IAM::Role
  Properties:
    AssumeRolePolicyDocument:
      Version: "2012-10-17"
      Statement:
        - Effect: Allow
          Principal:
            Service: events.amazonaws.com
          Action: sts:AssumeRole
    Policies:
      - PolicyName: start
        PolicyDocument:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: codepipeline:StartPipelineExecution
              Resource: !Sub arn:${AWS::Partition}:codepipeline:${AWS::Region}:${AWS::AccountId}:${Pipeline}
"#;
