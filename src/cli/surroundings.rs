//! Where this machine keeps what belongs to Launchway, from the environment.

use std::path::PathBuf;

use crate::engine::Request;

use super::Invocation;

impl Invocation {
    /// Where engines are looked for, from flags and the environment.
    pub(crate) fn engine_request(&self) -> Request {
        let environment = &self.context.environment;
        let mut libexec: Vec<PathBuf> = Vec::new();
        if let Some(folder) = environment.get("LAUNCHWAY_LIBEXEC") {
            libexec.push(self.context.resolve(folder.as_ref()));
        }
        // Beside the binary, wherever links to it stand: `bin/` with `libexec/` next to it, or
        // both in one folder.
        let binary = std::env::current_exe().and_then(std::fs::canonicalize);
        if let Some(folder) = binary.iter().find_map(|path| path.parent()) {
            libexec.extend(folder.parent().map(|root| root.join("libexec/launchway")));
            libexec.push(folder.join("libexec/launchway"));
        }
        Request {
            explicit: self.engine.clone(),
            state_directory: self.state_directory(),
            runtime_directory: self.runtime_directory(),
            libexec,
            path: environment.get("PATH").map(Into::into),
            environment: environment.variables().clone(),
            registries: self.registry_settings(),
        }
    }

    /// Where Launchway keeps what should outlive a run: `LAUNCHWAY_STATE_DIR`, else
    /// `/var/lib/launchway` for root and the XDG state directory for others.
    pub(crate) fn state_directory(&self) -> PathBuf {
        const SYSTEM: &str = "/var/lib/launchway";
        let environment = &self.context.environment;
        if let Some(folder) = environment.get("LAUNCHWAY_STATE_DIR") {
            return self.context.resolve(folder.as_ref());
        }
        if rustix::process::geteuid().is_root() {
            return SYSTEM.into();
        }
        // XDG says that relative paths are to be ignored.
        let xdg = environment.get("XDG_STATE_HOME").map(PathBuf::from);
        xdg.filter(|folder| folder.is_absolute())
            .or_else(|| Some(self.context.home()?.join(".local/state")))
            .map_or_else(|| SYSTEM.into(), |folder| folder.join("launchway"))
    }

    /// Where zTOCs are kept between runs.
    pub(crate) fn ztoc_directory(&self) -> PathBuf {
        self.state_directory().join("ztocs")
    }

    /// A folder with a short path for sockets.
    fn runtime_directory(&self) -> PathBuf {
        let uid = rustix::process::geteuid();
        if uid.is_root() {
            return "/run/launchway".into();
        }
        self.context
            .environment
            .get("XDG_RUNTIME_DIR")
            .map_or_else(
                || format!("/run/user/{}", uid.as_raw()).into(),
                PathBuf::from,
            )
            .join("launchway")
    }
}
