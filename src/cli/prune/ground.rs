//! What every part of prune stands on: the settings, where they say to look, and what is in use there.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use crate::aws::{AssumedRole, Aws, AwsSettings};
use crate::config::{Blocks, PruneAccount, PruneSettings};
use crate::exit;
use crate::prune::collect::in_use::{self, Cache};
use crate::prune::{Allowance, Asked, InUse, NamePattern, Observer, Place, Plan, collect};
use crate::ui::{Failure, PruneProgress};

use crate::cli::Invocation;
use crate::cli::args::ConfigArgs;
use crate::cli::failure::prune::{account_failure, aws_failure};
use crate::cli::project::Project;

use super::plan::now;

/// The name of our sessions in an account whose role is assumed.
const SESSION: &str = "launchway-prune";

/// Arguments that lay the ground.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GroundArgs {
    /// Do not refuse in this case, for example nothing-in-use:tools or too-many; may be repeated
    #[arg(long, value_name = "CASE")]
    pub allow: Vec<Allowance>,

    /// The files with the `prune` block.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Settings and places.
#[derive(Debug)]
pub(super) struct Ground {
    /// The block, with the cases that flags allow.
    pub(super) settings: PruneSettings,
    /// Accounts in regions.
    pub(super) places: Vec<Place>,
    /// Counts the requests of all places.
    pub(super) aws: Aws,
    /// What paths of the settings are relative to.
    base: PathBuf,
    /// What is not asked for twice.
    cache: Cache,
}

impl Ground {
    /// Reads the configuration, and finds out where to look. No request is sent, but for the credentials.
    pub(super) async fn read(args: &GroundArgs, invocation: &Invocation) -> Result<Self, Failure> {
        let blocks = Blocks::Only(&["prune"]);
        let project = Project::configuration(invocation, &args.config, blocks)?;
        let Some(mut settings) = project.bake.settings.prune else {
            let message = "the configuration has no `prune` block";
            return Err(Failure::new(exit::CONFIGURATION, message).hint(
                "`launchway prune init` prints one to begin with; it goes into launchway.hcl.",
            ));
        };
        settings.allow.extend(args.allow.iter().cloned());
        Self::of(settings, Aws::new(AwsSettings::default()), invocation).await
    }

    /// The same with these settings.
    pub(super) async fn of(
        settings: PruneSettings,
        aws: Aws,
        invocation: &Invocation,
    ) -> Result<Self, Failure> {
        let attempts = invocation.context.environment.get("AWS_MAX_ATTEMPTS");
        // The SDK warns of a value that is none.
        let attempts = attempts.and_then(|text| text.parse().ok());
        let places = places(&settings, &aws, attempts).await?;
        Ok(Self {
            settings,
            places,
            aws,
            base: invocation.context.directory.clone(),
            cache: Cache::default(),
        })
    }

    /// A display for this run.
    pub(super) fn progress(&self, invocation: &Invocation) -> Arc<PruneProgress> {
        let aws = self.aws.clone();
        PruneProgress::start(invocation.progress, &invocation.printer, move || {
            aws.calls().values().sum()
        })
    }

    /// What is in use now.
    pub(super) async fn uses(&self, observer: &dyn Observer) -> InUse {
        in_use::collect(
            &self.places,
            &self.settings.uses,
            &self.base,
            observer,
            &self.cache,
        )
        .await
    }

    /// The same, with when and how long it was asked for.
    pub(super) async fn ask(&self, observer: &dyn Observer) -> Asked {
        let began = Instant::now();
        let in_use = self.uses(observer).await;
        Asked {
            in_use,
            began,
            took: began.elapsed(),
        }
    }

    /// A new plan of these repositories, or of all that there are rules for.
    pub(super) async fn plan(
        &self,
        only: &[NamePattern],
        exact: bool,
        observer: &dyn Observer,
    ) -> Plan {
        let uses = self.uses(observer).await;
        self.plan_with(uses, only, exact, observer).await
    }

    /// The same, with what is in use.
    pub(super) async fn plan_with(
        &self,
        uses: InUse,
        only: &[NamePattern],
        exact: bool,
        observer: &dyn Observer,
    ) -> Plan {
        let (places, settings) = (&self.places, &self.settings);
        collect::plan(places, settings, only, uses, now(), observer, exact).await
    }
}

/// Every account in each of its regions.
async fn places(
    settings: &PruneSettings,
    aws: &Aws,
    attempts: Option<u32>,
) -> Result<Vec<Place>, Failure> {
    let own = [PruneAccount {
        repositories: true,
        ..PruneAccount::default()
    }];
    let accounts = match settings.accounts.as_slice() {
        [] => &own,
        accounts => accounts,
    };
    let mut places = Vec::new();
    for account in accounts {
        let session = aws.beside(AwsSettings {
            profile: account.profile.clone(),
            role: account.role.clone().map(|arn| AssumedRole {
                arn,
                external_id: account.external_id.clone(),
                session_name: SESSION.to_owned(),
            }),
            attempts,
            ..AwsSettings::default()
        });
        let regions = match (account.regions.as_slice(), settings.regions.as_slice()) {
            ([], []) => {
                let region = session.default_region(FIRST).await;
                vec![region.map_err(|error| aws_failure(&error))?]
            }
            ([], regions) | (regions, _) => regions.to_vec(),
        };
        let first = regions.first().map(String::as_str).unwrap_or_default();
        let credentials = session.check_credentials(FIRST, first).await;
        credentials.map_err(|error| match account.name.as_str() {
            "" => aws_failure(&error),
            name => account_failure(name, &error),
        })?;
        for region in regions {
            places.push(Place {
                account: account.name.clone(),
                region,
                aws: session.clone(),
                repositories: account.repositories,
                declared: !settings.accounts.is_empty() || !settings.regions.is_empty(),
            });
        }
    }
    Ok(places)
}

/// What is asked first, for errors about what is missing before it can be.
const FIRST: &str = "ecr:DescribeRepositories";
