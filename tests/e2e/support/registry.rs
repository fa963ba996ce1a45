//! The distribution registry on a free loopback port.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::parts::{copy_folder, output, part, parts, root};

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

    /// A registry for everybody, with a copy of the contents of one that was [`stopped`](Self::stop).
    pub(crate) fn start_with(folder: &Path, contents: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        copy_folder(contents, &folder.join("data"));
        Self::run(folder, None)
    }

    /// Ends it, and returns the folder of its contents.
    pub(crate) fn stop(&self) -> PathBuf {
        self.end();
        while TcpStream::connect(&self.address).is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
        self.folder.join("data")
    }

    /// Removes the blobs that no manifest needs, stopped meanwhile. Its address changes. Manifests without a
    /// tag stay: only their deletion makes garbage.
    pub(crate) fn collect_garbage(&mut self) {
        self.stop();
        let mut collect = Command::new(part("registry"));
        collect
            .args(["garbage-collect", "--delete-untagged=false"])
            .arg(self.folder.join("config.yml"))
            .env("OTEL_TRACES_EXPORTER", "none");
        output(&mut collect);
        self.address = serve(&self.folder, None);
    }

    fn run(folder: &Path, htpasswd: Option<&Path>) -> Self {
        Self {
            address: serve(folder, htpasswd),
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

    /// Where the tags of a repository point, as `sha256:…`.
    pub(crate) fn tagged(&self, repository: &str) -> BTreeMap<String, String> {
        let tags = self.tags(repository).into_iter();
        tags.filter_map(|tag| {
            let link = self
                .folder
                .join("data/docker/registry/v2/repositories")
                .join(repository)
                .join("_manifests/tags")
                .join(&tag)
                .join("current/link");
            // A tag that was deleted may leave its folder.
            let digest = std::fs::read_to_string(link).ok()?;
            Some((tag, digest))
        })
        .collect()
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

impl Registry {
    fn end(&self) {
        let file = self.folder.join("pid");
        let pid = std::fs::read_to_string(&file).unwrap_or_default();
        if std::fs::remove_file(&file).is_ok() {
            // Our own child's child, started by the script.
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts a registry whose data and pid are in this folder, and returns its address.
fn serve(folder: &Path, htpasswd: Option<&Path>) -> String {
    part("registry");
    let mut script = Command::new(root().join("scripts/local-registry.sh"));
    script
        .arg(folder)
        .args(htpasswd)
        .env("LAUNCHWAY_TEST_PARTS", parts());
    output(&mut script).trim().to_owned()
}
