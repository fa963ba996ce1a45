//! Which of the approvals that wait is meant.

use super::find::{Pipeline, Waiting};

/// What was said about the approval; `None` fits all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The stage.
    pub stage: Option<String>,
    /// The action.
    pub action: Option<String>,
    /// The execution.
    pub execution: Option<String>,
}

/// No single approval is meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChooseError {
    /// Nothing waits.
    #[error("no approval is waiting in pipeline {pipeline}{}", stands(stages))]
    NoneWaiting {
        /// The pipeline.
        pipeline: String,
        /// Every stage with its status, in order.
        stages: Vec<(String, String)>,
    },
    /// Something waits, and it is not what was named.
    #[error("no approval of {} is waiting in pipeline {pipeline}", wanted(choice))]
    NotThese {
        /// The pipeline.
        pipeline: String,
        /// What was named.
        choice: Choice,
        /// What waits.
        waiting: Vec<Waiting>,
    },
    /// More than one waits.
    #[error("{} approvals are waiting in pipeline {pipeline}", waiting.len())]
    Several {
        /// The pipeline.
        pipeline: String,
        /// What waits and fits.
        waiting: Vec<Waiting>,
    },
    /// What was looked at is not what waits now.
    #[error("approval {stage}/{action} of pipeline {pipeline} is not what it was: {}", now(execution.as_deref()))]
    Moved {
        /// The pipeline.
        pipeline: String,
        /// The stage.
        stage: String,
        /// The action.
        action: String,
        /// The execution that waits now, if one does.
        execution: Option<String>,
    },
}

/// `: Source succeeded, Build in progress`.
fn stands(stages: &[(String, String)]) -> String {
    let stages = stages.iter();
    let told: Vec<String> = stages
        .map(|(name, status)| format!("{name} {status}"))
        .collect();
    if told.is_empty() {
        return String::new();
    }
    format!(": {}", told.join(", "))
}

fn wanted(choice: &Choice) -> String {
    let parts = [
        ("stage", &choice.stage),
        ("action", &choice.action),
        ("execution", &choice.execution),
    ];
    let parts = parts.iter();
    let parts: Vec<String> = parts
        .filter_map(|(what, name)| Some(format!("{what} {}", name.as_ref()?)))
        .collect();
    parts.join(", ")
}

fn now(execution: Option<&str>) -> String {
    match execution {
        Some(execution) => format!("execution {execution} waits there now"),
        None => "it does not wait any more".to_owned(),
    }
}

/// The one approval that waits and fits.
pub fn choose<'a>(pipeline: &'a Pipeline, choice: &Choice) -> Result<&'a Waiting, ChooseError> {
    let name = || pipeline.name.clone();
    if pipeline.waiting.is_empty() {
        let stages = pipeline.stages.iter().map(|stage| {
            let status = stage.status.as_deref().unwrap_or("not run yet");
            (stage.name.clone(), words(status))
        });
        return Err(ChooseError::NoneWaiting {
            pipeline: name(),
            stages: stages.collect(),
        });
    }
    let is = |wanted: &Option<String>, found: Option<&String>| {
        wanted.as_ref().is_none_or(|wanted| Some(wanted) == found)
    };
    let fits = |one: &&Waiting| {
        is(&choice.stage, Some(&one.stage))
            && is(&choice.action, Some(&one.action))
            && is(&choice.execution, one.execution.as_ref())
    };
    let fitting: Vec<&Waiting> = pipeline.waiting.iter().filter(fits).collect();
    match fitting.as_slice() {
        [one] => Ok(one),
        [] => Err(ChooseError::NotThese {
            pipeline: name(),
            choice: choice.clone(),
            waiting: pipeline.waiting.clone(),
        }),
        several => Err(ChooseError::Several {
            pipeline: name(),
            waiting: several.iter().map(|&one| one.clone()).collect(),
        }),
    }
}

/// What waits now in the place of `seen`, which a person has looked at. Another execution, or the
/// same one asking again, is refused.
pub fn still_waits<'a>(pipeline: &'a Pipeline, seen: &Waiting) -> Result<&'a Waiting, ChooseError> {
    let place = |one: &&Waiting| one.stage == seen.stage && one.action == seen.action;
    let same = |one: &&Waiting| one.execution == seen.execution && one.token == seen.token;
    if let Some(found) = pipeline.waiting.iter().filter(place).find(same) {
        return Ok(found);
    }
    let now = pipeline.waiting.iter().find(place);
    Err(ChooseError::Moved {
        pipeline: pipeline.name.clone(),
        stage: seen.stage.clone(),
        action: seen.action.clone(),
        execution: now.and_then(|now| now.execution.clone()),
    })
}

/// `InProgress` as people write it.
fn words(status: &str) -> String {
    let mut text = String::new();
    for (index, character) in status.char_indices() {
        if character.is_ascii_uppercase() && index > 0 {
            text.push(' ');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

#[cfg(test)]
mod tests {
    use launchway_buildkit::Secret;

    use super::super::waiting_in;
    use super::*;
    use crate::aws::{ActionState, PipelineDeclaration, StageState};

    fn stage(name: &str, status: &str, actions: &[(&str, &str, Option<&str>)]) -> StageState {
        let actions = actions.iter().map(|(name, status, token)| ActionState {
            name: (*name).to_owned(),
            status: Some((*status).to_owned()),
            since: None,
            token: token.map(Secret::new),
        });
        StageState {
            name: name.to_owned(),
            execution: Some(format!("execution-of-{name}")),
            status: Some(status.to_owned()),
            actions: actions.collect(),
        }
    }

    fn pipeline(stages: Vec<StageState>) -> Pipeline {
        Pipeline {
            name: "shop".to_owned(),
            waiting: waiting_in(&stages, &PipelineDeclaration::default()),
            stages,
            denied: None,
        }
    }

    fn choice(stage: Option<&str>, action: Option<&str>, execution: Option<&str>) -> Choice {
        Choice {
            stage: stage.map(str::to_owned),
            action: action.map(str::to_owned),
            execution: execution.map(str::to_owned),
        }
    }

    #[test]
    fn only_what_is_in_progress_and_has_a_token_waits() {
        let pipeline = pipeline(vec![
            stage("Source", "Succeeded", &[("GitHub", "Succeeded", None)]),
            stage("Old", "Succeeded", &[("Release", "Succeeded", Some("old"))]),
            stage("Build", "InProgress", &[("Build", "InProgress", None)]),
        ]);
        let error = choose(&pipeline, &Choice::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "no approval is waiting in pipeline shop: Source succeeded, Old succeeded, Build in \
             progress"
        );
    }

    #[test]
    fn one_is_meant_and_several_are_told_apart() {
        let two = pipeline(vec![stage(
            "Approve",
            "InProgress",
            &[
                ("Web", "InProgress", Some("1")),
                ("Api", "InProgress", Some("2")),
            ],
        )]);
        let error = choose(&two, &Choice::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "2 approvals are waiting in pipeline shop"
        );
        let one = choose(&two, &choice(None, Some("Api"), None)).unwrap();
        assert_eq!(one.token.expose(), "2");
        let wrong = choice(Some("Approve"), None, Some("another"));
        assert_eq!(
            choose(&two, &wrong).unwrap_err().to_string(),
            "no approval of stage Approve, execution another is waiting in pipeline shop"
        );
    }

    #[test]
    fn another_execution_is_not_answered() {
        let before = pipeline(vec![stage(
            "Approve",
            "InProgress",
            &[("Web", "InProgress", Some("1"))],
        )]);
        let seen = choose(&before, &Choice::default()).unwrap();
        assert_eq!(still_waits(&before, seen).unwrap(), seen);
        // The same execution asks again: somebody retried the stage.
        let again = pipeline(vec![stage(
            "Approve",
            "InProgress",
            &[("Web", "InProgress", Some("2"))],
        )]);
        let error = still_waits(&again, seen).unwrap_err();
        assert_eq!(
            error.to_string(),
            "approval Approve/Web of pipeline shop is not what it was: execution \
             execution-of-Approve waits there now"
        );
        let gone = pipeline(vec![stage("Approve", "Succeeded", &[])]);
        let error = still_waits(&gone, seen).unwrap_err();
        assert!(error.to_string().ends_with("it does not wait any more"));
    }
}
