//! Running a program of the user's: the message on its standard input.

use std::collections::BTreeMap;
use std::path::Path;

use tokio::process::Command;

use super::SendError;
use crate::process;

/// Characters of the last line that are shown.
const SHOWN: usize = 200;

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
    /// Runs it to its end. When this is dropped the program is killed, with what it started.
    pub(super) async fn finish(&self) -> Result<(), SendError> {
        let (program, arguments) = self
            .command
            .split_first()
            .ok_or(SendError::Mismatch { kind: "command" })?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.directory)
            .env_clear()
            .envs(self.environment)
            .envs(self.variables);
        let ended = process::run(command, self.input.as_bytes(), None)
            .await
            .map_err(|source| SendError::Spawn {
                program: program.clone(),
                source,
            })?;
        if ended.status.success() {
            return Ok(());
        }
        Err(SendError::Command {
            program: program.clone(),
            status: ended.status.to_string(),
            last: last_line(&ended.stderr),
        })
    }
}

fn last_line(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let line = text.lines().rev().find(|line| !line.trim().is_empty());
    let line = line.unwrap_or_default().trim();
    let fit = line.chars().filter(|character| !character.is_control());
    fit.take(SHOWN).collect()
}
