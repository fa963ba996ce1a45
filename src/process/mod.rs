//! Running a program of somebody else's to its end: in a process group of its own, its input given and
//! its output read at the same time, both within bounds.
//!
//! What is run, with which environment, and what its output means is the caller's to say; so is how
//! long it may take: whoever drops the run kills the program with all that it started.

use std::io;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Mutex;

/// Bytes of standard error that are kept, the last ones.
const KEPT: usize = 4 << 10;

/// How long the last words of a program that has ended are waited for.
const GRACE: Duration = Duration::from_millis(300);
/// The same where its output is wanted.
const OUTPUT_GRACE: Duration = Duration::from_secs(5);

/// What became of a program.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// Its standard output; empty where none was wanted.
    pub(crate) stdout: Vec<u8>,
    /// There was more output than was allowed, or it had no end: `stdout` is a part.
    pub(crate) cut: bool,
    /// The last few kilobytes of its standard error.
    pub(crate) stderr: Vec<u8>,
}

/// Runs a program to its end and gives it `input`. Its standard output is dropped, or kept up to a
/// number of bytes; a program that prints more is killed. Fails when it cannot be started.
pub(crate) async fn run(
    mut command: Command,
    input: &[u8],
    output: Option<usize>,
) -> io::Result<Ended> {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(if output.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()?;
    let group = Group(child.id());
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let write = async {
        if let Some(mut stdin) = stdin {
            // A program that does not read is not wrong.
            let _ = stdin.write_all(input).await;
        }
    };
    let printed = Mutex::new(Printed {
        bytes: Vec::new(),
        whole: output.is_none(),
    });
    let keep = async {
        if let (Some(stdout), Some(limit)) = (stdout, output)
            && !keep_all(stdout, &printed, limit).await
        {
            group.kill();
        }
    };
    let last = Mutex::new(Vec::new());
    let keep_last = async {
        if let Some(stderr) = stderr {
            keep_last(stderr, &last).await;
        }
    };
    let status = {
        let mut streams = pin!(async { tokio::join!(write, keep, keep_last) });
        let grace = output.map_or(GRACE, |_| OUTPUT_GRACE);
        tokio::select! {
            status = child.wait() => {
                // What it left running may hold the streams open for ever.
                let _ = tokio::time::timeout(grace, streams).await;
                status
            }
            _ = &mut streams => child.wait().await,
        }
    };
    group.ended();
    let Printed { bytes, whole } = printed.into_inner();
    Ok(Ended {
        status: status?,
        stdout: bytes,
        cut: !whole,
        stderr: last.into_inner(),
    })
}

struct Printed {
    bytes: Vec<u8>,
    whole: bool,
}

/// Reads a stream to its end; `false` where it is longer than `limit`.
async fn keep_all(
    mut stream: impl AsyncRead + Unpin,
    printed: &Mutex<Printed>,
    limit: usize,
) -> bool {
    let mut part = vec![0; 16 << 10];
    while let Ok(length @ 1..) = stream.read(&mut part).await {
        let mut printed = printed.lock().await;
        if printed.bytes.len() + length > limit {
            return false;
        }
        printed.bytes.extend_from_slice(&part[..length]);
    }
    printed.lock().await.whole = true;
    true
}

/// Reads a stream to its end and keeps the last part.
async fn keep_last(mut stream: impl AsyncRead + Unpin, last: &Mutex<Vec<u8>>) {
    let mut part = [0; 1024];
    while let Ok(length @ 1..) = stream.read(&mut part).await {
        let mut last = last.lock().await;
        last.extend_from_slice(&part[..length]);
        let surplus = last.len().saturating_sub(KEPT);
        last.drain(..surplus);
    }
}

/// The process group of a running program; killed when dropped.
struct Group(Option<u32>);

impl Group {
    fn kill(&self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(rustix::process::Pid::from_raw) {
            // It may just have ended.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }

    /// The program has ended by itself, and what it left running is its own matter.
    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn input_and_both_outputs_go_through() {
        let ended = run(shell("cat; echo no >&2; exit 3"), b"hello", Some(10)).await;
        let ended = ended.unwrap();
        assert_eq!((ended.stdout.as_slice(), ended.cut), (&b"hello"[..], false));
        assert_eq!(ended.stderr, b"no\n");
        assert_eq!(ended.status.code(), Some(3));
        let ended = run(shell("echo dropped"), b"", None).await.unwrap();
        assert!(ended.stdout.is_empty() && !ended.cut);
    }

    #[tokio::test]
    async fn output_without_end_is_cut_and_the_program_killed() {
        let script = "while :; do echo line; echo line >&2; done";
        let ended = run(shell(script), b"", Some(1000)).await.unwrap();
        assert!(ended.cut && ended.stdout.len() <= 1000);
        assert!(ended.stderr.len() <= KEPT);
        assert!(!ended.status.success());
    }

    #[tokio::test]
    async fn what_a_dropped_program_started_ends_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("alive");
        let script = format!(
            "sleep 60 & echo $! > {0}.new; mv {0}.new {0}; wait",
            file.display()
        );
        let started = async {
            while !file.exists() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::select! {
            ended = run(shell(&script), b"", Some(10)) => panic!("{ended:?}"),
            () = started => {}
        }
        let id: i32 = std::fs::read_to_string(&file)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        // A process that ended may be there as a zombie, until whoever inherited it looks.
        let stat = format!("/proc/{id}/stat");
        let lives = || {
            let stat = std::fs::read_to_string(&stat);
            stat.is_ok_and(|stat| !stat.contains(") Z "))
        };
        while lives() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
