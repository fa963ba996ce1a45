//! `launchway prune init`: a first `prune` block, from what AWS holds or from an ecrm.yaml.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::aws::{Aws, AwsSettings};
use crate::config::{PruneSettings, RepositoryRule};
use crate::exit;
use crate::prune::{
    Found, FoundRepository, NamePattern, Plan, Policy, RefusalCode, Source, config_text, convert,
};
use crate::release::write_atomically;
use crate::ui::Failure;

use super::ground::Ground;
use crate::cli::Invocation;

const EXAMPLES: &str = "\
Examples:
  launchway prune init -o launchway.hcl
  launchway prune init --region eu-west-1 --region us-east-1 -o launchway.hcl
  launchway prune init --from ecrm.yaml          # AWS is not asked

Nothing is removed. Exit codes: 0 done, 3 the ecrm.yaml is wrong, 12 AWS refused, 75 temporary.";

/// Arguments of `prune init`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Convert this configuration of ecrm instead of looking at AWS
    #[arg(long, value_name = "FILE", conflicts_with = "regions")]
    pub from: Option<PathBuf>,

    /// A region to look at; may be repeated [default: the one that AWS is configured for]
    #[arg(long = "region", value_name = "REGION")]
    pub regions: Vec<String>,

    /// Write it to this file, which must not be there yet
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let output = args.output.as_deref();
    let output = output.map(|path| invocation.context.resolve(path));
    if let Some(path) = output.as_deref().filter(|path| path.exists()) {
        let message = format!("{} is there already", path.display());
        return Err(Failure::new(exit::CONFIGURATION, message)
            .hint("Without --output the block is printed, to be put into it."));
    }
    let text = match &args.from {
        Some(path) => converted(path, invocation)?,
        None => looked(&args.regions, invocation).await?,
    };
    match output {
        Some(path) => write_atomically(&path, text.as_bytes())?,
        None => invocation.printer.answer(&text)?,
    }
    Ok(exit::OK)
}

/// The block of an ecrm.yaml. What means something else now is a warning.
fn converted(path: &Path, invocation: &Invocation) -> Result<String, Failure> {
    let text = std::fs::read_to_string(invocation.context.resolve(path)).map_err(|error| {
        let message = format!("cannot read {}", path.display());
        Failure::with_cause(exit::CONFIGURATION, message, &error)
    })?;
    let conversion = convert(&text, path)?;
    for note in &conversion.notes {
        let place = match note.line {
            Some(line) => format!("{}:{line}", path.display()),
            None => path.display().to_string(),
        };
        invocation.printer.warn(&format!("{place}: {}", note.text));
    }
    Ok(conversion.hcl)
}

/// A block for what is there.
async fn looked(regions: &[String], invocation: &Invocation) -> Result<String, Failure> {
    let settings = PruneSettings {
        regions: regions.to_vec(),
        // Every repository, by the rules that let nothing go.
        repositories: vec![RepositoryRule {
            pattern: NamePattern::any(),
            policy: Policy::default(),
        }],
        ..PruneSettings::default()
    };
    let ground = Ground::of(settings, Aws::new(AwsSettings::default()), invocation).await?;
    let progress = ground.progress(invocation);
    let plan = ground.plan(&[], false, &*progress).await;
    progress.finish();
    let missing = missing(&plan, invocation)?;
    let mut clusters = Vec::new();
    for place in &ground.places {
        let arns = place.aws.ecs_usage(&place.region).await.clusters().await;
        // Where they cannot be listed, the plan has told so.
        for arn in arns.unwrap_or_default() {
            clusters.extend(arn.rsplit('/').next().map(str::to_owned));
        }
    }
    let told = |source: Source| {
        let counts = plan.sources.iter().filter(|one| one.source == source);
        counts.map(|one| one.found).sum()
    };
    Ok(config_text(&Found {
        regions: regions.to_vec(),
        repositories: plan.repositories.iter().map(FoundRepository::of).collect(),
        clusters,
        families: told(Source::TaskDefinition),
        functions: told(Source::Function),
        missing,
    }))
}

/// The lists that did not load, each of which is told. Where there is no list of repositories, there is no block.
fn missing(plan: &Plan, invocation: &Invocation) -> Result<BTreeSet<String>, Failure> {
    let here = plan.repositories.iter().flat_map(|one| &one.refusals);
    let failed = plan.refusals.iter().chain(here);
    let failed: Vec<_> = failed
        .filter(|case| case.code == RefusalCode::ListFailed)
        .collect();
    if plan.repositories.is_empty()
        && let Some(case) = failed.first()
    {
        return Err(Failure::new(exit::REGISTRY, case.detail.clone())
            .temporary(case.temporary)
            .hint("Init needs what a plan needs; `launchway iam prune` prints the policy."));
    }
    for case in &failed {
        let text = format!("{}: {}", case.name, case.detail);
        invocation.printer.warn(&text);
    }
    Ok(failed.iter().map(|case| case.name.clone()).collect())
}
