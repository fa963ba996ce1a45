//! Asking CodePipeline where a pipeline stands.

use launchway_buildkit::Secret;

use crate::aws::{
    AwsError, AwsErrorKind, PipelineDeclaration, Pipelines, RunningAction, StageState,
};

/// A pipeline as it stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pipeline {
    /// Its name.
    pub name: String,
    /// Its stages; none where executions run beside one another.
    pub stages: Vec<StageState>,
    /// The approvals that wait.
    pub waiting: Vec<Waiting>,
    /// Its definition could not be read for lack of this permission; what reviewers are told is
    /// not known.
    pub denied: Option<&'static str>,
}

/// An approval that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Its stage.
    pub stage: String,
    /// Its name.
    pub action: String,
    /// The execution that waits.
    pub execution: Option<String>,
    /// Since when.
    pub since: Option<jiff::Timestamp>,
    /// What the reviewer is told.
    pub custom_data: Option<String>,
    /// What to review.
    pub review_link: Option<String>,
    /// What answers it, in this execution alone.
    pub token: Secret,
}

/// Reads a pipeline.
pub async fn find(pipelines: &Pipelines, name: &str) -> Result<Pipeline, AwsError> {
    let (declaration, denied) = match pipelines.declaration(name).await {
        Ok(declaration) => (declaration, None),
        Err(AwsError {
            action,
            kind: AwsErrorKind::Denied { .. },
            ..
        }) => (PipelineDeclaration::default(), Some(action)),
        Err(error) => return Err(error),
    };
    let (stages, waiting) = if declaration.parallel {
        let running = pipelines.running(name).await?;
        (Vec::new(), waiting_beside(running, &declaration))
    } else {
        let stages = pipelines.state(name).await?;
        let waiting = waiting_in(&stages, &declaration);
        (stages, waiting)
    };
    Ok(Pipeline {
        name: name.to_owned(),
        stages,
        waiting,
        denied,
    })
}

/// The approvals that wait: actions in progress that have a token.
pub fn waiting_in(stages: &[StageState], declaration: &PipelineDeclaration) -> Vec<Waiting> {
    let actions = stages
        .iter()
        .flat_map(|stage| stage.actions.iter().map(move |action| (stage, action)));
    let waiting = actions.filter_map(|(stage, action)| {
        if action.status.as_deref() != Some("InProgress") {
            return None;
        }
        let token = action.token.clone()?;
        let key = (stage.name.clone(), action.name.clone());
        let declared = declaration.approvals.get(&key).cloned();
        let declared = declared.unwrap_or_default();
        Some(Waiting {
            stage: key.0,
            action: key.1,
            execution: stage.execution.clone(),
            since: action.since,
            custom_data: declared.custom_data,
            review_link: declared.review_link,
            token,
        })
    });
    waiting.collect()
}

/// The same of a pipeline whose executions run beside one another. Every action has an external
/// id there, so what the definition calls an approval is one.
fn waiting_beside(running: Vec<RunningAction>, declaration: &PipelineDeclaration) -> Vec<Waiting> {
    let waiting = running.into_iter().filter_map(|one| {
        let key = (one.stage, one.action);
        let declared = declaration.approvals.get(&key)?.clone();
        Some(Waiting {
            stage: key.0,
            action: key.1,
            execution: Some(one.execution),
            since: one.since,
            custom_data: declared.custom_data,
            review_link: declared.review_link,
            token: one.token?,
        })
    });
    waiting.collect()
}
