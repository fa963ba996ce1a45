//! From what was typed to a plan: files, environment and git facts, read once.

use std::path::PathBuf;

use crate::bake::{self, Bake, is_remote_context};
use crate::config::Source;
use crate::image::Platform;
use crate::plan::{self, Handoff, Mode, Options, Plan};
use crate::ui::Failure;

use super::Invocation;
use super::args::{CacheArgs, ReleaseArgs, SelectionArgs};

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
    pub(super) fn read(
        invocation: &Invocation,
        selection: &SelectionArgs,
        cache: CacheArgs,
        mode: Mode,
        push: bool,
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
        let request = bake::Request {
            directory: context.directory.clone(),
            files: selection.files.clone(),
            stdin: None,
            targets: selection.targets.clone(),
            set: selection.set.clone(),
            environment: context.environment.variables().clone(),
            platforms: selection.platform.iter().map(ToString::to_string).collect(),
            push,
            load: false,
            no_cache: cache.no_cache,
            pull: cache.pull,
            source: source.clone(),
            local_platform: local_platform().to_string(),
            now: jiff::Timestamp::now().as_second(),
            ignore_settings: mode == Mode::Bake,
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

    /// The plan of a release.
    pub(super) fn release_plan(
        &self,
        invocation: &Invocation,
        release: &ReleaseArgs,
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
    pub(super) fn bake_plan(&self, invocation: &Invocation) -> Result<Plan, Failure> {
        let options = Options {
            mode: Mode::Bake,
            directory: invocation.context.directory.clone(),
            local_platform: local_platform(),
            tags: Vec::new(),
            baseline: None,
            handoff: Handoff::None,
        };
        Ok(plan::make(&self.bake, &self.source, &options)?)
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

/// What this machine runs natively.
pub(super) fn local_platform() -> Platform {
    Platform::new("linux", std::env::consts::ARCH, None)
}
