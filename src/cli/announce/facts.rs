//! What a message says of its surroundings: project, commit and pages, from CodeBuild's variables
//! and git.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::cli::Context;
use crate::config::{NotifyEvent, Source};
use crate::notify::{self, Message};

/// Bytes of git's answer that are looked at; a commit message has no limit.
const SUBJECT: usize = 4 << 10;

/// A message about the working directory, that says nothing of a release yet.
pub(in crate::cli) fn message(context: &Context, source: &Source, event: NotifyEvent) -> Message {
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
    let project = repository
        .as_ref()
        .map(|(name, _)| name.clone())
        .or_else(|| pipeline.map(str::to_owned))
        .unwrap_or_else(folder);
    let mut message = Message::new(event, project);
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
    let output = command.stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let text = &output.stdout[..output.stdout.len().min(SUBJECT)];
    let text = String::from_utf8_lossy(text).trim().to_owned();
    (!text.is_empty()).then_some(text)
}
