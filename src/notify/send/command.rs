//! Running a program of the user's: the message on its standard input.

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::pin;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;
use tokio::sync::Mutex;

use super::SendError;

/// Bytes of standard error that are kept, the last ones.
const KEPT: usize = 4 << 10;
/// Characters of the last line that are shown.
const SHOWN: usize = 200;

/// How long the last words of a program that has ended are waited for.
const GRACE: Duration = Duration::from_millis(300);

/// One run.
pub(super) struct Run<'a> {
    /// The program and its arguments.
    pub(super) command: &'a [String],
    pub(super) input: &'a str,
    /// Variables beside `environment`.
    pub(super) variables: &'a BTreeMap<&'static str, String>,
    pub(super) environment: &'a BTreeMap<String, String>,
    pub(super) directory: &'a Path,
}

impl Run<'_> {
    /// Runs it to its end. When this is dropped the program is killed, with what it started: it has
    /// a process group of its own.
    pub(super) async fn finish(&self) -> Result<(), SendError> {
        let (program, arguments) = self
            .command
            .split_first()
            .ok_or(SendError::Mismatch { kind: "command" })?;
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.directory)
            .env_clear()
            .envs(self.environment)
            .envs(self.variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| SendError::Spawn {
                program: program.clone(),
                source,
            })?;
        let group = Group(child.id());
        let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
        let write = async {
            if let Some(mut stdin) = stdin {
                // A program that does not read is not wrong.
                let _ = stdin.write_all(self.input.as_bytes()).await;
            }
        };
        let last = Mutex::new(Vec::new());
        let read = async {
            let Some(mut stderr) = stderr else { return };
            let mut part = [0; 1024];
            while let Ok(length @ 1..) = stderr.read(&mut part).await {
                let mut last = last.lock().await;
                last.extend_from_slice(&part[..length]);
                let surplus = last.len().saturating_sub(KEPT);
                last.drain(..surplus);
            }
        };
        let mut streams = pin!(async { tokio::join!(write, read) });
        let status = tokio::select! {
            status = child.wait() => {
                // What it left running may hold the streams open for ever.
                let _ = tokio::time::timeout(GRACE, streams).await;
                status
            }
            _ = &mut streams => child.wait().await,
        };
        group.ended();
        let status = status.map_err(|source| SendError::Spawn {
            program: program.clone(),
            source,
        })?;
        if status.success() {
            return Ok(());
        }
        Err(SendError::Command {
            program: program.clone(),
            status: status.to_string(),
            last: last_line(&*last.lock().await),
        })
    }
}

/// The process group of a running program; killed when dropped.
struct Group(Option<u32>);

impl Group {
    /// The program has ended by itself, and what it left running is its own matter.
    fn ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.0.and_then(|id| i32::try_from(id).ok());
        if let Some(group) = id.and_then(rustix::process::Pid::from_raw) {
            // It may just have ended.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

fn last_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or_default().trim();
    let fit = line.chars().filter(|character| !character.is_control());
    fit.take(SHOWN).collect()
}
