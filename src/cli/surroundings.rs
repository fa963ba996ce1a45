//! Where this machine keeps what belongs to Launchway, from the environment.

use std::path::PathBuf;

use crate::engine;

use super::Invocation;

impl Invocation {
    /// The folder for the engine's state and other things that outlive a run:
    /// `LAUNCHWAY_STATE_DIR`, else /var/lib/launchway for root, else the XDG state folder.
    pub(crate) fn state_directory(&self) -> PathBuf {
        let variable = |name: &str| self.context.environment.get(name).map(PathBuf::from);
        if let Some(folder) = variable("LAUNCHWAY_STATE_DIR") {
            return self.context.resolve(&folder);
        }
        if rustix::process::geteuid().is_root() {
            return "/var/lib/launchway".into();
        }
        let xdg = variable("XDG_STATE_HOME").filter(|folder| folder.is_absolute());
        xdg.or_else(|| Some(self.context.home()?.join(".local/state")))
            .map_or_else(
                || std::env::temp_dir().join("launchway"),
                |folder| folder.join("launchway"),
            )
    }

    /// What finding an engine needs to know.
    pub(crate) fn engine_request(&self) -> engine::Request {
        let environment = &self.context.environment;
        let runtime = environment.get("XDG_RUNTIME_DIR").map(PathBuf::from);
        engine::Request {
            explicit: self.engine.clone(),
            state_directory: self.state_directory(),
            runtime_directory: runtime
                .filter(|folder| folder.is_absolute())
                .unwrap_or_else(std::env::temp_dir),
            libexec: self.libexec(),
            path: environment.get("PATH").map(Into::into),
            environment: environment.variables().clone(),
            registries: std::collections::BTreeMap::new(),
        }
    }

    /// Folders that may hold `buildkitd`: `LAUNCHWAY_LIBEXEC`, and libexec/launchway beside the
    /// folder of this binary.
    fn libexec(&self) -> Vec<PathBuf> {
        let given = self
            .context
            .environment
            .get("LAUNCHWAY_LIBEXEC")
            .map(PathBuf::from);
        let beside = std::env::current_exe()
            .ok()
            .and_then(|binary| Some(binary.parent()?.parent()?.join("libexec/launchway")));
        given.into_iter().chain(beside).collect()
    }
}
