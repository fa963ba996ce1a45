//! `buildspec.yml`: build, push and hand off in one build.

use std::collections::BTreeSet;

use super::text::Text;
use super::{Artifact, Kind, Service, Setup};

/// The whole file.
pub(super) fn text(setup: &Setup, artifacts: &[Artifact]) -> String {
    let mut text = Text::default();
    text.add(
        0,
        "# Made by `launchway handoff init`; yours to change.\nversion: 0.2\n\nenv:",
    );
    text.add(
        2,
        "# What later stages of the pipeline may ask for: #{BuildVariables.NAME}.",
    );
    text.add(2, "exported-variables:");
    for name in variables(setup) {
        text.add(4, &format!("- {name}"));
    }
    text.add(0, "\nphases:\n  install:\n    commands:");
    text.add(
        6,
        "# An archive with bin/launchway and libexec/launchway/. A build image that has them\n\
         # needs no install phase.\n\
         - aws s3 cp \"$LAUNCHWAY_ARCHIVE\" /tmp/launchway.tar.gz\n\
         - tar -xzf /tmp/launchway.tar.gz -C /usr/local",
    );
    text.add(2, "pre_build:\n  commands:");
    text.add(6, "# Fails early, and says what the build image lacks.");
    let platforms = match setup.platforms.as_slice() {
        [] => String::new(),
        platforms => format!(" --platform {}", platforms.join(",")),
    };
    text.add(6, &format!("- launchway doctor{platforms}"));
    text.add(2, "build:\n  commands:");
    text.add(
        6,
        "# Not in post_build: that phase runs after a failed build, too.\n- launchway release",
    );
    text.add(
        6,
        &format!(
            "# Into this shell, where exported-variables are read at the end.\n\
             - . {}/release.env\n\
             # CodePipeline cannot resolve an empty variable.\n\
             - export LAUNCHWAY_SERVICES_TO_DEPLOY=\"${{LAUNCHWAY_SERVICES_TO_DEPLOY:--}}\"",
            setup.output
        ),
    );
    for service in &setup.services {
        if service.kind == Kind::Batch {
            text.add(6, &register(service));
        }
    }
    add_artifacts(&mut text, artifacts);
    text.finish()
}

/// The variables of release.env that are exported.
pub(super) fn variables(setup: &Setup) -> Vec<String> {
    let fixed = ["LAUNCHWAY_CHANGED", "LAUNCHWAY_SERVICES_TO_DEPLOY"];
    let targets = setup.services.iter().flat_map(|service| &service.targets);
    let images: BTreeSet<String> = targets.map(|target| variable_of(target)).collect();
    fixed.into_iter().map(str::to_owned).chain(images).collect()
}

/// The variable with a target's reference, as release.env has it.
pub(super) fn variable_of(target: &str) -> String {
    let upper = |c: char| match c {
        c if c.is_ascii_alphanumeric() => c.to_ascii_uppercase(),
        _ => '_',
    };
    let name: String = target.chars().map(upper).collect();
    format!("IMAGE_{name}")
}

/// Registers the task definition of a batch service when any of its images changed. No deploy
/// action does this.
fn register(service: &Service) -> String {
    let Service { name, folder, .. } = service;
    let tags = if service.files.iter().any(|file| file == "tags.json") {
        format!(" \\\n          --tags file://{folder}/tags.json")
    } else {
        String::new()
    };
    let update = match &service.service {
        Some(service_name) => {
            let cluster = service.cluster.as_deref().unwrap_or("default");
            format!(
                " &&
      aws ecs update-service --cluster {cluster} --service {service_name} \\
          --task-definition \"$revision\" --query service.serviceArn --output text"
            )
        }
        None => String::new(),
    };
    format!(
        "\
# Registered here: no deploy action serves tasks that only a schedule or a job starts. A schedule
# that names the family without a revision takes the new one by itself.
- |
  case \" $LAUNCHWAY_SERVICES_TO_DEPLOY \" in
  *\" {name} \"*)
      revision=$(aws ecs register-task-definition \\
          --cli-input-json file://{folder}/taskdef.json{tags} \\
          --query taskDefinition.taskDefinitionArn --output text) &&
      echo \"registered $revision\"{update}
      ;;
  esac
"
    )
}

/// One artifact is the primary one; of several, all are secondary, with the pipeline's names.
fn add_artifacts(text: &mut Text, artifacts: &[Artifact]) {
    let files = |artifact: &Artifact| {
        let mut files = format!("base-directory: {}\nfiles:", artifact.folder);
        for file in &artifact.files {
            files.push_str(&format!("\n  - {file}"));
        }
        files
    };
    match artifacts {
        [] => {}
        [only] => {
            text.add(0, "\nartifacts:");
            text.add(
                2,
                "# The files that the deploy stage reads and nothing else: it takes at most 3 MB.",
            );
            text.add(2, &files(only));
        }
        several => {
            text.add(0, "\nartifacts:");
            text.add(
                2,
                "# The names are those of the pipeline's artifacts. Each has only what the deploy stage\n\
                 # reads: it takes at most 3 MB.\nsecondary-artifacts:",
            );
            for artifact in several {
                text.add(4, &format!("{}:", artifact.name));
                text.add(6, &files(artifact));
            }
        }
    }
}
