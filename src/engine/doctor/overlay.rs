//! Whether the state directory's file system can hold overlay mounts: the daemon asks the same, and
//! uses something slower when it cannot.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};

use super::Check;
use super::host::existing;
use crate::engine::Request;
use crate::engine::programs::program;

const NAME: &str = "overlay mount";

/// Makes an overlay mount in the state directory (or where it will be made) and takes it away.
pub(super) fn trial(state: &Path, request: &Request) -> Check {
    let folder = existing(state);
    match mount_and_look(&folder) {
        Ok(()) => Check::ok(NAME, format!("overlayfs works in {}", folder.display())),
        Err(error) if is_forbidden(&error) => {
            Check::missing(NAME, format!("mounting is not permitted: {error}"))
                .hint("Run it as root; a container needs --privileged.")
                .hint("In CodeBuild, switch the project's privileged mode on.")
        }
        Err(error) => {
            let instead = match program(request, "fuse-overlayfs") {
                Some(_) => "fuse-overlayfs is used instead, which is slower",
                None => "every layer is copied instead (native), which is slow and needs space",
            };
            Check::warning(
                NAME,
                format!(
                    "overlayfs does not work in {}: {error}; {instead}",
                    folder.display()
                ),
            )
            .hint(
                "Set LAUNCHWAY_STATE_DIR to a folder on ext4 or xfs; inside a container, on a \
                 volume and not in the container's own file system.",
            )
        }
    }
}

fn is_forbidden(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::PERM | Errno::ACCESS)
    )
}

/// A mounted overlay; taken away when it is dropped.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        // Nothing better can be done here; the folder is then left behind too.
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

/// Mounts, and checks what a build relies on: the lower file is seen, and removing it leaves it in
/// the lower folder.
fn mount_and_look(folder: &Path) -> io::Result<()> {
    let trial = tempfile::Builder::new()
        .prefix(".launchway-doctor-")
        .tempdir_in(folder)?;
    let [lower, upper, work, merged] =
        ["lower", "upper", "work", "merged"].map(|name| trial.path().join(name));
    for folder in [&lower, &upper, &work, &merged] {
        fs::create_dir(folder)?;
    }
    fs::write(lower.join("file"), "lower")?;
    let options: Vec<u8> = [
        (b"lowerdir=".as_slice(), &lower),
        (b",upperdir=".as_slice(), &upper),
        (b",workdir=".as_slice(), &work),
    ]
    .into_iter()
    .flat_map(|(key, path)| [key, path.as_os_str().as_bytes()].concat())
    .collect();
    let options = CString::new(options)?;
    mount(
        "overlay",
        &merged,
        "overlay",
        MountFlags::empty(),
        options.as_c_str(),
    )?;
    let mounted = Mounted(merged);
    let seen = fs::read(mounted.0.join("file"))?;
    fs::remove_file(mounted.0.join("file"))?;
    let gone = !mounted.0.join("file").exists() && lower.join("file").exists();
    if seen == b"lower" && gone {
        Ok(())
    } else {
        Err(io::Error::other("files are not seen as they should be"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::CheckState;
    use super::*;

    #[test]
    fn leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let check = trial(&dir.path().join("state/below"), &Request::default());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "{check:?}");
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        assert!(!mounts.contains(dir.path().to_str().unwrap()), "{mounts}");
    }

    #[test]
    fn a_file_system_without_overlays_is_a_warning() {
        // proc takes no folders at all.
        let check = trial(Path::new("/proc/self/none"), &Request::default());
        assert_ne!(check.state, CheckState::Ok, "{check:?}");
        assert!(!check.hints.is_empty());
    }
}
