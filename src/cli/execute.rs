//! Carrying out a plan: the engine, credentials and progress that a run needs, put together.

use std::path::PathBuf;
use std::sync::Arc;

use crate::engine;
use crate::plan::Plan;
use crate::registry;
use crate::release::record::Record;
use crate::release::{self, Event, FailPoints};
use crate::ui::Failure;

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
    let result = run(invocation, plan, execution, progress.observer()).await;
    let tail = progress.finish();
    result.map_err(|failure| match tail {
        Some(tail) if failure.log_tail.is_none() => failure.with_log(tail),
        _ => failure,
    })
}

async fn run(
    invocation: &Invocation,
    plan: &Plan,
    execution: &Execution,
    observer: release::Observer,
) -> Result<Record, Failure> {
    let engine = engine::find(&invocation.engine_request()).await?;
    observer(Event::EngineReady {
        address: engine.address.to_string(),
        version: engine.version.clone(),
        started: engine.started,
    });
    let credentials = invocation.keychain();
    let registry = registry::Client::new(registry::ClientConfig {
        credentials: Arc::clone(&credentials),
        ..registry::ClientConfig::default()
    })?;
    let variable = |name: &str| invocation.context.environment.get(name);
    let context = release::Context {
        engine: engine.client,
        engine_id: engine.worker_id,
        platforms: engine.platforms,
        registry,
        repositories: execution.create_repositories.then(|| invocation.repository_creator()),
        credentials,
        sync_records: Some(invocation.state_directory().join("sent")),
        observer,
        clock: Arc::new(jiff::Timestamp::now),
        fail_points: FailPoints::armed(variable("LAUNCHWAY_FAIL_AT").unwrap_or_default()),
    };
    let options =
        release::Options { compare: execution.compare, record: execution.record.clone() };
    Ok(release::run(plan, &context, &options).await?)
}
