//! From what was typed to a plan: files, environment and git facts, read once.

use std::path::PathBuf;

use crate::bake::{self, Bake, BakeError, is_remote_context};
use crate::config::{Blocks, EnvironmentChoice, Source};
use crate::image::Platform;
use crate::plan::{self, Handoff, Mode, Options, Plan};
use crate::soci::ZtocStore;
use crate::ui::Failure;

use super::Invocation;
use super::args::{CacheArgs, ConfigArgs, FileArgs, ReleaseArgs, SelectionArgs, SociArgs};

/// The folder for release.json and hand-off files, where nothing else is configured.
pub(super) const DEFAULT_OUTPUT: &str = "launchway-out";

/// A project that was read, and what will be done with it.
#[derive(Debug)]
pub(super) struct Project {
    /// The bake files' targets and our settings.
    pub(super) bake: Bake,
    /// What is built from.
    pub(super) source: Source,
    /// The command line names targets: maybe not all of the project's.
    pub(super) partial: bool,
}

impl Project {
    /// Reads the bake files and launchway.hcl of the working directory, and warns of what is odd.
    /// A verb that reads all blocks needs to know for which environment; `bake` works where buildx
    /// does, and goes on without.
    pub(super) fn read(
        invocation: &Invocation,
        selection: &SelectionArgs,
        cache: CacheArgs,
        blocks: Blocks,
        push: bool,
    ) -> Result<Self, Failure> {
        let without = match blocks {
            Blocks::All => EnvironmentChoice::Required,
            Blocks::Only(_) | Blocks::None => EnvironmentChoice::Free,
        };
        Self::with_environment(invocation, selection, cache, blocks, push, without)
    }

    /// As [`Project::read`]; `without` is what is asked for when nobody names an environment.
    fn with_environment(
        invocation: &Invocation,
        selection: &SelectionArgs,
        cache: CacheArgs,
        blocks: Blocks,
        push: bool,
        without: EnvironmentChoice,
    ) -> Result<Self, Failure> {
        let remote = |name: &&String| is_remote_context(name);
        if let Some(url) = selection.targets.iter().find(remote) {
            return Err(Failure::usage(format!(
                "bake files from a URL ({url}) are not available in this version of Launchway"
            ))
            .hint("Clone the repository and run the same there."));
        }
        let context = &invocation.context;
        let source = super::source::read(&context.directory, context.environment.variables());
        let named = selection.config.environment(&context.environment);
        let request = bake::Request {
            targets: selection.targets.clone(),
            set: selection.set.clone(),
            platforms: selection.platform.iter().map(ToString::to_string).collect(),
            push,
            no_cache: cache.no_cache,
            pull: cache.pull,
            chosen: named.map_or(without, |name| EnvironmentChoice::Named(name.to_owned())),
            targets_optional: selection.optional,
            blocks,
            ..request(invocation, source.clone(), &selection.config.files)
        };
        let bake = bake::load(&request)?;
        for warning in &bake.warnings {
            invocation.printer.warn(&warning.to_string());
        }
        let partial = !selection.targets.is_empty();
        Ok(Self {
            bake,
            source,
            partial,
        })
    }

    /// Everything that the files declare, with the values of one environment and an outline of
    /// them. Warnings are left to the caller.
    pub(super) fn in_environment(
        invocation: &Invocation,
        files: &FileArgs,
        name: &str,
    ) -> Result<Self, BakeError> {
        let context = &invocation.context;
        let source = super::source::read(&context.directory, context.environment.variables());
        let request = bake::Request {
            chosen: EnvironmentChoice::Named(name.to_owned()),
            outline: true,
            ..request(invocation, source.clone(), files)
        };
        Ok(Self {
            bake: bake::load(&request)?,
            source,
            partial: false,
        })
    }

    /// What the files declare, for verbs that build nothing: all targets of the default group.
    /// Which environment it is has to be known, whatever blocks are read.
    pub(super) fn configuration(
        invocation: &Invocation,
        config: &ConfigArgs,
        blocks: Blocks,
    ) -> Result<Self, Failure> {
        let selection = SelectionArgs {
            config: config.clone(),
            optional: true,
            ..SelectionArgs::default()
        };
        Self::with_environment(
            invocation,
            &selection,
            CacheArgs::default(),
            blocks,
            false,
            EnvironmentChoice::Required,
        )
    }

    /// The plan of a release.
    pub(super) fn release_plan(
        &self,
        invocation: &Invocation,
        release: &ReleaseArgs,
        soci: SociArgs,
        handoff: bool,
    ) -> Result<Plan, Failure> {
        let options = Options {
            mode: Mode::Release,
            directory: invocation.context.directory.clone(),
            local_platform: local_platform(),
            tags: release.tags.clone(),
            baseline: release.baseline.clone(),
            handoff: match (handoff, self.partial) {
                (false, _) => Handoff::None,
                (true, true) => Handoff::Covered,
                (true, false) => Handoff::All,
            },
            soci: soci.wish(),
        };
        let plan = plan::make(&self.bake, &self.source, &options)?;
        if handoff {
            for service in &self.bake.settings.services {
                if !plan
                    .services
                    .iter()
                    .any(|planned| planned.name == service.name)
                {
                    invocation.printer.warn(&format!(
                        "service {} is not handed off: not all of its images are released",
                        service.name
                    ));
                }
            }
        }
        Ok(plan)
    }

    /// The plan of `bake` and `build`.
    pub(super) fn bake_plan(
        &self,
        invocation: &Invocation,
        soci: SociArgs,
    ) -> Result<Plan, Failure> {
        let options = Options {
            mode: Mode::Bake,
            directory: invocation.context.directory.clone(),
            local_platform: local_platform(),
            tags: Vec::new(),
            baseline: None,
            handoff: Handoff::None,
            soci: soci.wish(),
        };
        let plan = plan::make(&self.bake, &self.source, &options)?;
        if soci.soci && plan.images.is_empty() {
            return Err(
                Failure::usage("--soci indexes what is pushed, and nothing is")
                    .hint("Add --push, or leave --soci out."),
            );
        }
        Ok(plan)
    }

    /// Where zTOCs are kept between runs; nowhere when no image needs any or the store is off.
    pub(super) fn ztoc_store(&self, invocation: &Invocation, plan: &Plan) -> Option<ZtocStore> {
        let needed = plan.images.iter().any(|image| image.soci.is_some());
        let settings = self.bake.settings.soci.clone().unwrap_or_default();
        (needed && settings.cache_size > 0)
            .then(|| ZtocStore::new(invocation.ztoc_directory(), settings.cache_size))
    }

    /// The folder for release.json and hand-off files.
    pub(super) fn output_folder(&self, invocation: &Invocation, release: &ReleaseArgs) -> PathBuf {
        let configured = self.bake.settings.release.output.as_ref();
        let folder = release.output.as_ref().or(configured);
        invocation
            .context
            .directory
            .join(folder.map_or(DEFAULT_OUTPUT.as_ref(), PathBuf::as_path))
    }
}

/// All that the files declare, as the surroundings make it; nothing of the command line but them.
pub(super) fn request(invocation: &Invocation, source: Source, files: &FileArgs) -> bake::Request {
    let context = &invocation.context;
    bake::Request {
        directory: context.directory.clone(),
        files: files.files.clone(),
        environment: context.environment.variables().clone(),
        source,
        local_platform: local_platform().to_string(),
        now: jiff::Timestamp::now().as_second(),
        ..bake::Request::default()
    }
}

/// What this machine runs natively.
pub(super) fn local_platform() -> Platform {
    Platform::new("linux", std::env::consts::ARCH, None)
}
