//! The programs that a local engine is made of: `buildkitd`, and `runc` or `crun`.

use std::env;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::error::EngineError;
use super::request::Request;

/// The daemon and what it runs containers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Programs {
    /// `buildkitd`.
    pub daemon: PathBuf,
    /// `buildkit-runc`, `runc` or `crun`.
    pub runtime: PathBuf,
}

/// In the order of preference; `buildkit-runc` is the one that comes with BuildKit.
pub(super) const RUNTIMES: [&str; 3] = ["buildkit-runc", "runc", "crun"];

impl Programs {
    /// Looks in the libexec folders, then in `PATH`.
    pub fn locate(request: &Request) -> Result<Self, EngineError> {
        let daemon = program(request, "buildkitd").ok_or_else(|| EngineError::NoDaemon {
            searched: folders(request),
            docker: program(request, "docker"),
        })?;
        let runtime = runtime(request).ok_or_else(|| EngineError::NoRuntime {
            daemon: daemon.clone(),
            searched: folders(request),
        })?;
        Ok(Self { daemon, runtime })
    }
}

/// The container runtime, when there is one.
pub(super) fn runtime(request: &Request) -> Option<PathBuf> {
    RUNTIMES.iter().find_map(|name| program(request, name))
}

/// The first executable of this name.
pub(super) fn program(request: &Request, name: &str) -> Option<PathBuf> {
    folders(request)
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|path| is_executable(path))
}

/// Every folder that is searched, in order. Relative ones in `PATH` are left out: a daemon that
/// runs as root should not depend on the working directory.
pub(super) fn folders(request: &Request) -> Vec<PathBuf> {
    let path = request.path.iter().flat_map(env::split_paths);
    let mut folders: Vec<PathBuf> = Vec::new();
    for folder in request.libexec.iter().cloned().chain(path) {
        if folder.is_absolute() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

fn is_executable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn put(folder: &Path, name: &str, mode: u32) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join(name);
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn libexec_comes_before_path_and_only_executables_count() {
        let dir = tempfile::tempdir().unwrap();
        let (libexec, bin) = (dir.path().join("libexec"), dir.path().join("bin"));
        put(&libexec, "runc", 0o644);
        let crun = put(&bin, "crun", 0o755);
        let in_path = put(&bin, "buildkitd", 0o755);
        let request = Request {
            libexec: vec![libexec.clone()],
            path: Some(env::join_paths([Path::new("relative"), &bin]).unwrap()),
            ..Request::default()
        };
        let found = Programs::locate(&request).unwrap();
        assert_eq!((found.daemon, found.runtime), (in_path, crun));

        let beside = put(&libexec, "buildkitd", 0o755);
        let runc = put(&bin, "runc", 0o755);
        let found = Programs::locate(&request).unwrap();
        assert_eq!((found.daemon, found.runtime), (beside, runc));
    }

    #[test]
    fn says_where_it_looked_and_whether_docker_is_there() {
        let dir = tempfile::tempdir().unwrap();
        let docker = put(dir.path(), "docker", 0o755);
        let request = Request {
            path: Some(dir.path().into()),
            ..Request::default()
        };
        let error = Programs::locate(&request).unwrap_err();
        assert!(
            error
                .to_string()
                .contains(&dir.path().display().to_string())
        );
        assert!(
            error
                .hints()
                .iter()
                .any(|hint| hint.contains("Docker is here"))
        );
        assert!(
            matches!(error, EngineError::NoDaemon { docker: Some(found), .. } if found == docker)
        );

        put(dir.path(), "buildkitd", 0o755);
        let error = Programs::locate(&request).unwrap_err();
        assert!(matches!(error, EngineError::NoRuntime { .. }));
    }
}
