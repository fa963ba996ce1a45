//! Carrying out a plan: the engine, credentials and progress that a run needs, put together.

use std::path::PathBuf;
use std::sync::Arc;

use launchway_buildkit::CredentialSource;

use crate::engine;
use crate::plan::Plan;
use crate::registry;
use crate::registry::auth::{Keychain, KeychainConfig};
use crate::release::record::Record;
use crate::release::{self, Event, FailPoints, ReleaseError};
use crate::ui::{Failure, StepLogs};

use super::Invocation;

/// How a plan is carried out.
#[derive(Clone, Debug, Default)]
pub(super) struct Execution {
    /// The verb, for the progress display.
    pub(super) title: &'static str,
    /// Compare with the baseline, and publish only what changed.
    pub(super) compare: bool,
    /// Where the record goes.
    pub(super) record: Option<PathBuf>,
    /// Create ECR repositories that are missing.
    pub(super) create_repositories: bool,
}

/// Runs the plan to its end, with progress on stderr.
pub(super) async fn execute(
    invocation: &Invocation,
    plan: &Plan,
    execution: &Execution,
) -> Result<Record, Failure> {
    let progress = invocation.progress(execution.title);
    let logs = StepLogs::default();
    let observer = logs.observe(progress.observer());
    let result = run(invocation, plan, execution, observer).await;
    progress.finish();
    result.map_err(|error| error.with_log_of(&logs))
}

/// What ended a run, before it is a report.
enum Ended {
    Before(Failure),
    During(Box<ReleaseError>),
}

impl Ended {
    /// The report, with the failing step's last output.
    fn with_log_of(self, logs: &StepLogs) -> Failure {
        match self {
            Self::Before(failure) => failure,
            Self::During(error) => {
                let vertex = match &*error {
                    ReleaseError::Build { source, .. } => match &**source {
                        launchway_buildkit::Error::BuildFailed(build) => Some(build.vertex.clone()),
                        _ => None,
                    },
                    _ => None,
                };
                let tail = vertex.and_then(|vertex| logs.tail(vertex.as_deref()));
                let failure = Failure::from(*error);
                match tail {
                    Some(tail) => failure.with_log(tail),
                    None => failure,
                }
            }
        }
    }
}

impl<E: Into<Failure>> From<E> for Ended {
    fn from(error: E) -> Self {
        Self::Before(error.into())
    }
}

async fn run(
    invocation: &Invocation,
    plan: &Plan,
    execution: &Execution,
    observer: release::Observer,
) -> Result<Record, Ended> {
    let engine = engine::find(&invocation.engine_request()).await?;
    observer(Event::EngineReady {
        address: engine.address.to_string(),
        version: engine.version.clone(),
        started: engine.started,
    });
    let credentials = keychain(invocation);
    let config = registry::ClientConfig::new(Arc::clone(&credentials));
    let variable = |name: &str| invocation.context.environment.get(name).unwrap_or_default();
    let context = release::Context {
        engine: engine.client,
        engine_id: engine.worker_id,
        platforms: engine.platforms,
        registry: registry::Client::new(config)?,
        repositories: None,
        credentials,
        sync_records: Some(invocation.state_directory().join("sent")),
        observer,
        clock: Arc::new(jiff::Timestamp::now),
        fail_points: FailPoints::armed(variable("LAUNCHWAY_FAIL_AT")),
    };
    let options = release::Options {
        compare: execution.compare,
        record: execution.record.clone(),
    };
    release::run(plan, &context, &options)
        .await
        .map_err(|error| Ended::During(Box::new(error)))
}

fn keychain(invocation: &Invocation) -> Arc<dyn CredentialSource> {
    let context = &invocation.context;
    let folder = context.environment.get("DOCKER_CONFIG").map(PathBuf::from);
    Arc::new(Keychain::new(KeychainConfig {
        docker_config: folder.or_else(|| Some(context.home()?.join(".docker"))),
        search_path: context.environment.get("PATH").map(Into::into),
    }))
}
