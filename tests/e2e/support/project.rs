//! Small git repositories to release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::parts::{copy_folder, output, root};

/// A project in a folder of its own.
pub(crate) struct Project {
    folder: TempDir,
    /// `REGISTRY` of its bake file.
    pub(crate) registry: String,
}

impl Project {
    /// A copy of testdata/projects/shop in its first commit.
    pub(crate) fn shop(registry: &str) -> Self {
        Self::copy("shop", registry)
    }

    /// A copy of a folder of testdata/projects in its first commit.
    pub(crate) fn copy(folder: &str, registry: &str) -> Self {
        let project = Self::empty(registry);
        let from = root().join("testdata/projects").join(folder);
        copy_folder(&from, &project.path());
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.commit("Begin");
        project
    }

    /// A project of these files, in its first commit.
    pub(crate) fn of(registry: &str, files: &[(&str, &str)]) -> Self {
        let project = Self::empty(registry);
        fs::create_dir(project.path()).unwrap();
        for (path, contents) in files {
            project.write(path, contents);
        }
        project.git(&["init", "--quiet", "--initial-branch=main"]);
        project.commit("Begin");
        project
    }

    fn empty(registry: &str) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("lw-project-")
            .tempdir()
            .unwrap();
        Self {
            folder,
            registry: registry.to_owned(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    pub(crate) fn read(&self, path: impl AsRef<Path>) -> String {
        let path = self.path().join(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    pub(crate) fn json(&self, path: impl AsRef<Path>) -> serde_json::Value {
        serde_json::from_str(&self.read(path)).unwrap()
    }

    /// launchway-out/release.json.
    pub(crate) fn record(&self) -> serde_json::Value {
        self.json("launchway-out/release.json")
    }

    pub(crate) fn write(&self, path: &str, contents: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }

    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.args(["-c", "user.name=test", "-c", "user.email=test@localhost"]);
        output(git.args(arguments).current_dir(self.path()))
            .trim_end()
            .to_owned()
    }

    pub(crate) fn commit(&self, message: &str) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
    }

    /// The first eight characters of the commit.
    pub(crate) fn commit8(&self) -> String {
        self.git(&["rev-parse", "--short=8", "HEAD"])
    }
}
