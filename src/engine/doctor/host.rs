//! The machine itself: disk and kernel.

use std::path::{Path, PathBuf};

use rustix::fs::statvfs;
use rustix::system::uname;

use super::Check;

const GIB: u64 = 1024 * 1024 * 1024;

/// Below this, one base image may fill the disk.
const LEAST: u64 = 2 * GIB;

/// Below this, the daemon gives up its cache all the time.
const COMFORTABLE: u64 = 20 * GIB;

/// Space for the cache.
pub(super) fn disk(state: &Path) -> Check {
    let folder = existing(state);
    match statvfs(&folder) {
        Ok(fs) => space(
            &folder,
            fs.f_bavail.saturating_mul(fs.f_frsize),
            fs.f_blocks.saturating_mul(fs.f_frsize),
        ),
        Err(error) => Check::warning("disk", format!("{}: {error}", folder.display())),
    }
}

fn space(folder: &Path, free: u64, all: u64) -> Check {
    const NAME: &str = "disk";
    let detail = format!(
        "{} GiB of {} GiB free in {}",
        free / GIB,
        all / GIB,
        folder.display()
    );
    if free < LEAST {
        Check::missing(NAME, detail)
            .hint("Free some space, or set LAUNCHWAY_STATE_DIR to a folder on another disk.")
    } else if free < COMFORTABLE || free < all / 10 {
        Check::warning(NAME, format!("{detail}; the build cache is kept small"))
            .hint("Free some space, or set LAUNCHWAY_STATE_DIR to a folder on another disk.")
    } else {
        Check::ok(NAME, detail)
    }
}

/// The kernel and its control groups, for people who read reports.
pub(super) fn kernel(cgroup: &Path) -> Check {
    let release = uname().release().to_string_lossy().into_owned();
    // Only version 2 has this file at its root.
    let version = if cgroup.join("cgroup.controllers").exists() {
        "cgroup v2"
    } else if cgroup.exists() {
        "cgroup v1"
    } else {
        "no cgroups"
    };
    Check::ok("kernel", format!("Linux {release}, {version}"))
}

/// The folder itself or the nearest one above it that exists.
pub(super) fn existing(folder: &Path) -> PathBuf {
    folder
        .ancestors()
        .find(|folder| folder.is_dir())
        .unwrap_or(Path::new("/"))
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::CheckState;
    use super::*;

    #[test]
    fn judges_space() {
        let state = |free, all| space(Path::new("/"), free * GIB, all * GIB).state;
        assert_eq!(state(1, 1000), CheckState::Missing);
        assert_eq!(state(5, 20), CheckState::Warning);
        assert_eq!(state(50, 1000), CheckState::Warning);
        assert_eq!(state(50, 100), CheckState::Ok);
    }

    #[test]
    fn looks_where_a_folder_will_be() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(existing(&dir.path().join("a/b")), dir.path());
        assert_eq!(existing(Path::new("/nonexistent/x")), Path::new("/"));
    }

    #[test]
    fn tells_the_versions_of_control_groups_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert!(kernel(dir.path()).detail.ends_with("cgroup v1"));
        std::fs::write(dir.path().join("cgroup.controllers"), "cpu").unwrap();
        assert!(kernel(dir.path()).detail.ends_with("cgroup v2"));
        assert!(kernel(&dir.path().join("x")).detail.ends_with("no cgroups"));
    }
}
