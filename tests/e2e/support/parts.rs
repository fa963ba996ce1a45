//! Where the parts are that `make deps` and `make engine` install.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder of `make deps`.
pub(crate) fn parts() -> PathBuf {
    std::env::var_os("LAUNCHWAY_TEST_PARTS").map_or_else(|| root().join(".deps"), PathBuf::from)
}

/// A program that `make deps` builds.
#[track_caller]
pub(crate) fn part(name: &str) -> PathBuf {
    present(parts().join("bin").join(name), "make deps")
}

/// The folder that holds buildkitd.
#[track_caller]
pub(crate) fn libexec() -> PathBuf {
    let folder = std::env::var_os("LAUNCHWAY_LIBEXEC")
        .map_or_else(|| root().join("dist/libexec/launchway"), PathBuf::from);
    present(folder.join("buildkitd"), "make engine");
    folder
}

#[track_caller]
fn present(path: PathBuf, remedy: &str) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing; run `{remedy}`",
        path.display()
    );
    path
}

/// Runs a command to success and returns its output.
#[track_caller]
pub(crate) fn output(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?} ended with {}:\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Runs crane.
#[track_caller]
pub(crate) fn crane(arguments: &[&str]) -> String {
    output(Command::new(part("crane")).args(arguments))
        .trim_end()
        .to_owned()
}

/// Copies a folder with everything in it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    output(Command::new("cp").arg("-R").arg(from).arg(to));
}
