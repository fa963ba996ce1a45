//! The distribution registry on a free loopback port.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::parts::{output, part, parts, root};

/// The login of a registry that asks for one.
pub(crate) const USER: &str = "shop";
/// Its password.
pub(crate) const PASSWORD: &str = "planted-registry-secret";
/// The password as htpasswd files hold it (bcrypt).
const PASSWORD_HASH: &str = "$2b$04$pRWBIQTMjTCqX1u5RqWkWuAo5D8zrFtTkwhPtIJSAnPya.hiQik8e";

/// A running registry; it stops when dropped.
pub(crate) struct Registry {
    /// `127.0.0.1:PORT`.
    pub(crate) address: String,
    folder: PathBuf,
}

impl Registry {
    /// A registry for everybody.
    pub(crate) fn start(folder: &Path) -> Self {
        Self::run(folder, None)
    }

    /// A registry that asks for [`USER`] and [`PASSWORD`].
    pub(crate) fn start_with_login(folder: &Path) -> Self {
        let file = folder.with_extension("htpasswd");
        std::fs::write(&file, format!("{USER}:{PASSWORD_HASH}\n")).unwrap();
        Self::run(folder, Some(&file))
    }

    fn run(folder: &Path, htpasswd: Option<&Path>) -> Self {
        part("registry");
        let mut script = Command::new(root().join("scripts/local-registry.sh"));
        script
            .arg(folder)
            .args(htpasswd)
            .env("LAUNCHWAY_TEST_PARTS", parts());
        let address = output(&mut script);
        Self {
            address: address.trim().to_owned(),
            folder: folder.to_owned(),
        }
    }

    /// `base/busybox:stable` for both platforms, from Debian's packages.
    pub(crate) fn push_base_images(&self) {
        output(&mut self.base_images());
    }

    /// The same with a login from this Docker configuration.
    pub(crate) fn push_base_images_as(&self, docker_config: &Path) {
        output(self.base_images().env("DOCKER_CONFIG", docker_config));
    }

    fn base_images(&self) -> Command {
        let mut script = Command::new(root().join("scripts/base-images.sh"));
        script
            .arg(&self.address)
            .env("LAUNCHWAY_TEST_PARTS", parts());
        script
    }

    /// Where it keeps blobs.
    pub(crate) fn blobs(&self) -> PathBuf {
        self.folder.join("data/docker/registry/v2/blobs")
    }

    /// Every manifest that the registry holds, as `repository@digest`.
    pub(crate) fn manifests(&self) -> BTreeSet<String> {
        let repositories = self.folder.join("data/docker/registry/v2/repositories");
        let mut manifests = BTreeSet::new();
        let mut folders = vec![repositories.clone()];
        while let Some(folder) = folders.pop() {
            let revisions = folder.join("_manifests/revisions/sha256");
            for entry in std::fs::read_dir(&revisions).into_iter().flatten() {
                let repository = folder.strip_prefix(&repositories).unwrap().display();
                let entry = entry.unwrap();
                // A deleted manifest leaves its folder.
                if !entry.path().join("link").exists() {
                    continue;
                }
                let digest = entry.file_name();
                manifests.insert(format!("{repository}@sha256:{}", digest.to_str().unwrap()));
            }
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let entry = entry.unwrap();
                let internal = entry.file_name().to_string_lossy().starts_with('_');
                if entry.path().is_dir() && !internal {
                    folders.push(entry.path());
                }
            }
        }
        manifests
    }

    /// The tags of a repository; none when there is no such repository.
    pub(crate) fn tags(&self, repository: &str) -> BTreeSet<String> {
        let folder = self
            .folder
            .join("data/docker/registry/v2/repositories")
            .join(repository)
            .join("_manifests/tags");
        let entries = std::fs::read_dir(folder).into_iter().flatten();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let pid = std::fs::read_to_string(self.folder.join("pid")).unwrap_or_default();
        // Our own child's child, started by the script above.
        let _ = Command::new("kill").arg(pid.trim()).status();
    }
}
