//! Carrying out a plan: the engine, credentials and progress that a run needs, put together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use launchway_buildkit::CredentialSource;

use crate::aws::{Aws, AwsSettings};
use crate::engine;
use crate::exit;
use crate::plan::Plan;
use crate::registry::auth::{Keychain, KeychainConfig};
use crate::release::record::Record;
use crate::release::{
    self, Event, FailPoints, Gate, ReleaseError, RepositoryCreator, write_atomically,
};
use crate::soci::ZtocStore;
use crate::ui::{Failure, scan_table};

use super::Invocation;
use super::ecr::EcrRepositories;

/// How many findings of an image the report of a refused release lists; scan.json has all.
const LISTED_FINDINGS: usize = 25;

/// How a plan is carried out.
#[derive(Clone, Debug, Default)]
pub(super) struct Execution {
    /// The verb, for the progress display.
    pub(super) title: &'static str,
    /// Compare with the baseline, and publish only what changed.
    pub(super) compare: bool,
    /// Where the record goes.
    pub(super) record: Option<PathBuf>,
    /// Everything that is written beside the images; absolute.
    pub(super) outputs: Vec<PathBuf>,
    /// Create ECR repositories that are missing.
    pub(super) create_repositories: bool,
    /// Where zTOCs are kept between runs.
    pub(super) ztocs: Option<ZtocStore>,
    /// Looks at the images before tags move.
    pub(super) gate: Option<Arc<dyn Gate>>,
}

/// Runs the plan to its end, with progress on stderr.
pub(super) async fn execute(
    invocation: &Invocation,
    plan: &Plan,
    execution: &Execution,
) -> Result<Record, Failure> {
    let title = match &plan.environment {
        Some(environment) => format!("{} {environment}", execution.title),
        None => execution.title.to_owned(),
    };
    let progress = invocation.progress(&title);
    let result = run(invocation, plan, execution, progress.observer()).await;
    let log_tail = progress.finish();
    result.map_err(|failure| match log_tail {
        // What a failed build says itself names the command, and not what the command said.
        Some(tail) if failure.exit == exit::BUILD_FAILED => failure.with_log(tail),
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
    if engine.outdated && !invocation.registry_settings().is_empty() {
        let message = "the running engine does not know where LAUNCHWAY_REGISTRY_ENDPOINTS says that \
                       registries speak plain HTTP; `launchway engine stop` makes the next run start one that does";
        observer(Event::Warning {
            message: message.to_owned(),
        });
    }
    let sent = invocation.state_directory().join("sent");
    let aws = Aws::new(AwsSettings::default());
    let credentials = keychain(invocation, &aws);
    let variable = |name: &str| invocation.context.environment.get(name).unwrap_or_default();
    let context = release::Context {
        engine: engine.client,
        engine_id: engine.worker_id,
        platforms: engine.platforms,
        registry: invocation.registry_client_with(Arc::clone(&credentials))?,
        endpoints: invocation.endpoints.clone(),
        repositories: execution
            .create_repositories
            .then(|| Arc::new(EcrRepositories(aws)) as Arc<dyn RepositoryCreator>),
        credentials,
        machine_id: machine_id(&sent)?,
        sync_records: Some(sent),
        hidden: execution.outputs.clone(),
        observer,
        clock: Arc::new(jiff::Timestamp::now),
        ztocs: execution.ztocs.clone(),
        gate: execution.gate.clone(),
        fail_points: FailPoints::armed(variable("LAUNCHWAY_FAIL_AT")),
    };
    let options = release::Options {
        compare: execution.compare,
        record: execution.record.clone(),
    };
    release::run(plan, &context, &options)
        .await
        .map_err(|error| report(error, plan, invocation))
}

/// The report of a failed run. The daemon knows a Dockerfile by its name alone; people know it by
/// its path.
fn report(error: ReleaseError, plan: &Plan, invocation: &Invocation) -> Failure {
    let directory = &invocation.context.directory;
    let table = match &error {
        ReleaseError::Refused { report } => {
            let style = invocation.printer.talk_style();
            Some(scan_table(report, LISTED_FINDINGS, style))
        }
        _ => None,
    };
    let solve = match &error {
        ReleaseError::Build { solve, .. } | ReleaseError::BaseImage { solve, .. } => {
            plan.solves.iter().find(|one| one.name() == *solve)
        }
        _ => None,
    };
    let mut failure = Failure::from(error);
    failure.table = table;
    if let (Some(solve), Some(excerpt)) = (solve, &mut failure.excerpt)
        && excerpt.file == solve.context.dockerfile
    {
        excerpt.file = solve.context.shown_dockerfile(directory);
    }
    failure
}

pub(super) fn keychain(invocation: &Invocation, aws: &Aws) -> Arc<dyn CredentialSource> {
    let context = &invocation.context;
    let folder = context.environment.get("DOCKER_CONFIG").map(PathBuf::from);
    Arc::new(Keychain::new(KeychainConfig {
        docker_config: folder.or_else(|| Some(context.home()?.join(".docker"))),
        search_path: context.environment.get("PATH").map(Into::into),
        aws: Some(aws.clone()),
    }))
}

/// The id of this machine in `folder`, made when it is missing. It lies beside the records of sent
/// files: where they are lost, the daemon's copies must not be trusted either.
fn machine_id(folder: &Path) -> Result<String, Failure> {
    let path = folder.join("id");
    if let Ok(id) = std::fs::read_to_string(&path) {
        let id = id.trim();
        if !id.is_empty() {
            return Ok(id.to_owned());
        }
    }
    let random = std::fs::read_to_string("/proc/sys/kernel/random/uuid").map_err(|error| {
        Failure::with_cause(
            exit::UNEXPECTED,
            "cannot make an id for this machine",
            &error,
        )
    })?;
    write_atomically(&path, random.as_bytes())?;
    // Two first runs at once: the one that wrote last is right.
    let id = std::fs::read_to_string(&path).unwrap_or(random);
    Ok(id.trim().to_owned())
}
