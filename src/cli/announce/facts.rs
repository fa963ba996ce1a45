//! What a message says of its surroundings: project, commit and pages, from CodeBuild's variables
//! and git.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::cli::Context;
use crate::cli::project::Project;
use crate::config::NotifyEvent;
use crate::notify::{self, Message};

/// Bytes of git's answer that are looked at; a commit message has no limit.
const SUBJECT: u64 = 4 << 10;
/// How long git may take for an answer; a message does without it.
const PATIENCE: Duration = Duration::from_secs(5);

/// A message about the working directory, that says nothing of a release yet.
pub(in crate::cli) fn message(context: &Context, project: &Project, event: NotifyEvent) -> Message {
    let source = &project.source;
    let variable = |name: &str| context.environment.get(name);
    let directory = &context.directory;
    let remote = variable("CODEBUILD_SOURCE_REPO_URL")
        .map(str::to_owned)
        .or_else(|| git(directory, &["remote", "get-url", "origin"]));
    let repository = remote.as_deref().and_then(notify::repository);
    let initiator = variable("CODEBUILD_INITIATOR").unwrap_or_default();
    let pipeline = initiator.strip_prefix("codepipeline/");
    let folder = || {
        let name = directory.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    let name = repository
        .as_ref()
        .map(|(name, _)| name.clone())
        .or_else(|| pipeline.map(str::to_owned))
        .unwrap_or_else(folder);
    let mut message = Message::new(event, name);
    message.environment.clone_from(&project.bake.environment);
    let told = &mut message.source;
    told.commit.clone_from(&source.commit);
    told.branch.clone_from(&source.branch);
    told.tag.clone_from(&source.tag);
    if let Some(commit) = &source.commit {
        // Of this commit, whatever is checked out.
        told.subject = git(directory, &["log", "-1", "--format=%s", commit, "--"]);
        let page = repository.and_then(|(_, page)| page);
        told.url = page.map(|page| notify::commit(&page, commit));
    }
    let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
    let build = variable("CODEBUILD_BUILD_ARN").and_then(notify::codebuild);
    message.links.extend(build);
    let pipeline = pipeline.zip(region);
    let pipeline = pipeline.and_then(|(name, region)| notify::pipeline(name, region));
    message.links.extend(pipeline);
    message
}

/// What git answers, if it does.
fn git(directory: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new("git");
    command.args(arguments).current_dir(directory);
    answer(command, PATIENCE)
}

/// The beginning of what a command prints when it goes well, and within the time. It can ask nobody:
/// a clone without all its objects would fetch them, and a fetch may want a password.
fn answer(mut command: Command, patience: Duration) -> Option<String> {
    let mut child = command
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdout = child.stdout.take();
    let (sender, receiver) = mpsc::sync_channel(1);
    // What git has started may hold the pipe open for longer than git lives, so nobody waits for
    // this thread.
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = stdout.map(|stdout| stdout.take(SUBJECT).read_to_end(&mut bytes));
        let _ = sender.send(matches!(read, Some(Ok(_))).then_some(bytes));
    });
    let bytes = receiver.recv_timeout(patience).ok().flatten();
    let cut = bytes
        .as_ref()
        .is_none_or(|bytes| bytes.len() as u64 == SUBJECT);
    if cut {
        // Late, or the rest is not wanted; it may just have ended.
        let _ = child.kill();
    }
    let status = child.wait().ok()?;
    let bytes = bytes.filter(|_| cut || status.success())?;
    let text = String::from_utf8_lossy(&bytes).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str, patience: Duration) -> Option<String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        answer(command, patience)
    }

    #[test]
    fn git_can_ask_nobody_and_is_not_waited_for() {
        let enough = Duration::from_mins(1);
        let script = "cat; echo \"$GIT_TERMINAL_PROMPT $GIT_NO_LAZY_FETCH\"";
        assert_eq!(shell(script, enough).unwrap(), "0 1");
        assert_eq!(shell("echo no; exit 1", enough), None);
        assert_eq!(shell("true", enough), None);
        assert_eq!(shell("yes", enough).unwrap().len() as u64, SUBJECT - 1);
        // Both would end the test only after ten minutes.
        let short = Duration::from_millis(200);
        assert_eq!(shell("exec sleep 600", short), None);
        assert_eq!(shell("sleep 600 & wait", short), None);
    }
}
