//! `launchway handoff init`: a buildspec and a pipeline for the services of the configuration.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::aws::parse_ecr_host;
use crate::config::{Blocks, HandoffMode, ServiceSettings};
use crate::exit;
use crate::handoff::init::{self, EcrRepository, InitError, Service, ServiceImage, Setup};
use crate::handoff::{self, Handoff, folder};
use crate::plan::{ImagePlan, Plan};
use crate::registry::Repository;
use crate::release::{self, record};
use crate::ui::Failure;

use crate::cli::Invocation;
use crate::cli::args::{ConfigArgs, ReleaseArgs, SociArgs};
use crate::cli::project::{DEFAULT_OUTPUT, Project};

const ABOUT: &str = "\
Print a buildspec and a pipeline for the services of the configuration

Texts to start from: buildspec.yml for CodeBuild, and pipeline.yml, a CloudFormation template with a
build project, a CodePipeline of type V2 and their roles. Every name in them comes from the
configuration or is a parameter of the template.";

const EXAMPLES: &str = "\
Examples:
  launchway handoff init                                 # print both, for all services
  launchway handoff init --output . --approval           # write buildspec.yml and pipeline.yml
  launchway handoff init shop --kind rolling --source gitlab
  launchway handoff init nightly --kind batch --source codecommit

A service is deployed blue/green when its block has an appspec, as a batch when it has a family and no
service, and rolling otherwise; --kind says otherwise.

Exit codes: 0 done, 3 configuration, 15 a file that differs is there.";

/// Arguments of `handoff init`.
#[derive(Debug, clap::Args)]
#[command(long_about = ABOUT, after_help = EXAMPLES)]
pub struct Args {
    /// Service blocks [default: all]
    #[arg(value_name = "SERVICE")]
    pub services: Vec<String>,

    /// How services are deployed: blue-green, rolling, ecs-blue-green or batch [default: by the
    /// block]
    #[arg(long, value_enum, value_name = "KIND", help_heading = "Pipeline")]
    #[arg(hide_possible_values = true)]
    pub kind: Option<Kind>,

    /// Who puts the images into a blue/green task definition: render (the hand-off did) or
    /// placeholder (CodePipeline does) [default: the block's `mode`]
    #[arg(long, value_enum, value_name = "STYLE", help_heading = "Pipeline")]
    #[arg(hide_possible_values = true)]
    pub style: Option<Style>,

    /// Where the sources are: github, gitlab, bitbucket or codecommit
    #[arg(long, value_enum, value_name = "SOURCE", help_heading = "Pipeline")]
    #[arg(hide_possible_values = true, default_value = "github")]
    pub source: Source,

    /// A person approves before anything is deployed
    #[arg(long, help_heading = "Pipeline")]
    pub approval: bool,

    /// The language of the pipeline: cloudformation
    #[arg(long, value_enum, value_name = "LANGUAGE", help_heading = "Pipeline")]
    #[arg(hide_possible_values = true, default_value = "cloudformation")]
    pub language: Language,

    /// Write buildspec.yml and pipeline.yml into this folder [default: print them]
    #[arg(short, long, value_name = "DIR", help_heading = "Pipeline")]
    pub output: Option<PathBuf>,

    /// Replace files that differ
    #[arg(long, help_heading = "Pipeline", requires = "output")]
    pub force: bool,

    /// The files.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// How services are deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// By CodeDeploy.
    BlueGreen,
    /// By ECS.
    Rolling,
    /// By ECS, with its own blue/green strategy.
    EcsBlueGreen,
    /// Registered only.
    Batch,
}

/// Who puts the images in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Style {
    /// The hand-off.
    Render,
    /// The pipeline.
    Placeholder,
}

/// Where the sources are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Source {
    /// GitHub.
    Github,
    /// GitLab.
    Gitlab,
    /// Bitbucket.
    Bitbucket,
    /// AWS's own.
    Codecommit,
}

/// The language of the pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    /// YAML of AWS's own.
    Cloudformation,
}

pub(super) fn run(args: &Args, invocation: &Invocation) -> Result<u8, Failure> {
    let setup = setup(args, invocation)?;
    let texts = init::texts(&setup)?;
    let Some(folder) = &args.output else {
        let both = format!("{}---\n{}", texts.buildspec, texts.pipeline);
        invocation.printer.answer(&both)?;
        return Ok(exit::OK);
    };
    let folder = invocation.context.resolve(folder);
    let files = [
        ("buildspec.yml", &texts.buildspec),
        ("pipeline.yml", &texts.pipeline),
    ];
    let files = files.map(|(name, text)| (folder.join(name), text));
    for (path, text) in &files {
        match fs::read_to_string(path) {
            Ok(there) if args.force || there == **text => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => {
                let message = format!("{} is there and differs", super::shown(invocation, path));
                return Err(Failure::new(exit::HANDOFF, message)
                    .hint("--force replaces it; without --output both are printed."));
            }
        }
    }
    for (path, text) in files {
        release::write_atomically(&path, text.as_bytes())?;
        invocation
            .printer
            .note(&format!("wrote {}", super::shown(invocation, &path)));
    }
    Ok(exit::OK)
}

fn setup(args: &Args, invocation: &Invocation) -> Result<Setup, Failure> {
    let project = Project::configuration(invocation, &args.config, Blocks::All)?;
    let declared = ReleaseArgs {
        tags: Vec::new(),
        baseline: None,
        output: None,
    };
    let plan = project.release_plan(invocation, &declared, SociArgs::default(), true)?;
    let settings = &project.bake.settings;
    let output = settings.release.output.clone();
    let output = output.unwrap_or_else(|| DEFAULT_OUTPUT.into());
    let selected = super::select(plan.services.clone(), &args.services)?;
    let mut services = Vec::new();
    for block in &selected {
        services.push(service(args, invocation, block, &plan, &output)?);
    }
    let platforms: BTreeSet<String> = plan
        .images
        .iter()
        .flat_map(|image| image.platforms.iter().map(ToString::to_string))
        .collect();
    let cache = settings.cache.as_ref();
    let cache = cache.and_then(|cache| cache.repository.parse::<Repository>().ok());
    Ok(Setup {
        services,
        repositories: ecr_repositories(&plan, cache),
        create_repositories: settings.release.create_repositories,
        platforms: platforms.into_iter().collect(),
        output: output.display().to_string(),
        environment: args
            .config
            .environment(&invocation.context.environment)
            .map(str::to_owned),
        source: match args.source {
            Source::Github => init::Source::Github,
            Source::Gitlab => init::Source::Gitlab,
            Source::Bitbucket => init::Source::Bitbucket,
            Source::Codecommit => init::Source::Codecommit,
        },
        approval: args.approval,
    })
}

fn ecr_repositories(plan: &Plan, cache: Option<Repository>) -> Vec<EcrRepository> {
    let images = plan.images.iter().flat_map(ImagePlan::repositories);
    let pushed: BTreeSet<Repository> = images
        .map(|push| push.repository.clone())
        .chain(cache)
        .collect();
    pushed
        .into_iter()
        .filter_map(|repository| {
            Some(EcrRepository {
                host: parse_ecr_host(repository.host())?,
                path: repository.path().to_owned(),
            })
        })
        .collect()
}

/// A service with the files that its hand-off would have now.
fn service(
    args: &Args,
    invocation: &Invocation,
    block: &ServiceSettings,
    plan: &Plan,
    output: &Path,
) -> Result<Service, Failure> {
    let templates = super::templates(block, &invocation.context.directory)?;
    let handoff = handoff::hand_off(block, &templates, &record::draft(plan))?;
    let folder = folder::of_service(block, Path::new(""), output);
    let (roles, unknown_roles) = roles(&handoff);
    let files: Vec<String> = handoff
        .files
        .iter()
        .map(|file| file.path.display().to_string())
        .collect();
    Ok(Service {
        name: block.name.clone(),
        kind: match args.kind {
            Some(Kind::BlueGreen) => init::Kind::BlueGreen,
            Some(Kind::Rolling) => init::Kind::Rolling,
            Some(Kind::EcsBlueGreen) => init::Kind::EcsBlueGreen,
            Some(Kind::Batch) => init::Kind::Batch,
            None if block.appspec.is_some() => init::Kind::BlueGreen,
            None if block.family.is_some() && block.service.is_none() => init::Kind::Batch,
            None => init::Kind::Rolling,
        },
        style: style(args, block)?,
        cluster: block.cluster.clone(),
        service: block.service.clone(),
        folder: folder.display().to_string(),
        targets: handoff.summary.images.keys().cloned().collect(),
        images: images(&handoff),
        roles,
        unknown_roles,
        files,
    })
}

/// What the block says, since that is how its files are. A flag that says otherwise would make a
/// pipeline for other files.
fn style(args: &Args, block: &ServiceSettings) -> Result<init::Style, Failure> {
    let (mode, style) = match block.mode {
        HandoffMode::Render => ("render", init::Style::Render),
        HandoffMode::Placeholder => ("placeholder", init::Style::Placeholder),
    };
    let wanted = match args.style {
        None => return Ok(style),
        Some(Style::Render) => "render",
        Some(Style::Placeholder) => "placeholder",
    };
    if wanted == mode {
        return Ok(style);
    }
    let message = format!(
        "the files of service `{}` are made for style {mode}",
        block.name
    );
    Err(Failure::new(exit::CONFIGURATION, message).hint(format!(
        "Set mode = \"{wanted}\" in its block, or leave --style out."
    )))
}

/// Each placeholder that CodePipeline replaces, with the file that names its image.
fn images(handoff: &Handoff) -> Vec<ServiceImage> {
    let images = handoff.summary.images.iter();
    images
        .flat_map(|(target, image)| {
            image
                .placeholders
                .iter()
                .map(move |placeholder| ServiceImage {
                    placeholder: placeholder.clone(),
                    detail: format!("{target}/imageDetail.json"),
                })
        })
        .collect()
}

/// The roles of the task definition, by ARN or by name, and whether there are others that cannot
/// be told.
fn roles(handoff: &Handoff) -> (Vec<String>, bool) {
    let name = Path::new("taskdef.json");
    let Some(file) = handoff.files.iter().find(|file| file.path == name) else {
        return (Vec::new(), true);
    };
    let definition: Value = serde_json::from_slice(&file.contents).unwrap_or_default();
    let roles = ["executionRoleArn", "taskRoleArn"].into_iter();
    let (unknown, known): (Vec<&str>, Vec<&str>) = roles
        .filter_map(|member| definition[member].as_str())
        .filter(|role| !role.is_empty())
        .partition(|role| role.contains(['<', '$', '{']));
    let known = known.into_iter().map(str::to_owned).collect();
    (known, !unknown.is_empty())
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        Self::from_error(exit::CONFIGURATION, &error).hint(error.hint())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::handoff::{Template, Templates};

    /// The hand-off of a block in placeholder mode.
    fn placeholder_mode(block: &ServiceSettings) -> Handoff {
        let image = |name: &str| {
            let digest = format!("sha256:{}", "a".repeat(64));
            json!({"repository": format!("r.example/{name}"), "digest": digest,
                "reference": format!("r.example/{name}@{digest}"), "size": 1, "tags": [],
                "mediaType": "application/vnd.oci.image.index.v1+json", "changed": true,
                "reason": "", "platforms": {}})
        };
        let record = json!({"schema": record::SCHEMA, "launchway": "0", "state": "complete",
            "startedAt": "", "baseline": "none", "changed": true,
            "images": {"web": image("web"), "log-router": image("log-router")}});
        let taskdef = json!({"family": "shop", "containerDefinitions": [
            {"name": "web", "image": "<IMAGE1_NAME>"},
            {"name": "router", "image": "x"},
        ]});
        let templates = Templates {
            taskdef: Some(Template {
                path: "taskdef.json".into(),
                text: taskdef.to_string(),
            }),
            appspec: None,
        };
        let record = serde_json::from_value(record).unwrap();
        handoff::hand_off(block, &templates, &record).unwrap()
    }

    fn block() -> ServiceSettings {
        let map = |key: &str, target: &str| [(key.to_owned(), target.to_owned())].into();
        ServiceSettings {
            name: "shop".to_owned(),
            taskdef: Some("taskdef.json".into()),
            mode: HandoffMode::Placeholder,
            images: map("IMAGE1_NAME", "web"),
            containers: map("router", "log-router"),
            ..ServiceSettings::default()
        }
    }

    #[test]
    fn images_of_containers_are_put_in_by_the_pipeline_too() {
        let handoff = placeholder_mode(&block());
        let images = images(&handoff);
        let image = |placeholder: &str, target: &str| ServiceImage {
            placeholder: placeholder.to_owned(),
            detail: format!("{target}/imageDetail.json"),
        };
        assert_eq!(
            images,
            [
                image("IMAGE_LOG_ROUTER", "log-router"),
                image("IMAGE1_NAME", "web")
            ]
        );
        let name = Path::new("taskdef.json");
        let taskdef = handoff.files.iter().find(|file| file.path == name).unwrap();
        let taskdef = String::from_utf8_lossy(&taskdef.contents);
        for image in images {
            assert!(
                taskdef.contains(&format!("<{}>", image.placeholder)),
                "{taskdef}"
            );
            let mut files = handoff.files.iter();
            assert!(files.any(|file| file.path == Path::new(&image.detail)));
        }
    }

    #[test]
    fn roles_are_known_by_arn_and_by_name() {
        for (members, known, unknown) in [
            (json!({}), vec![], false),
            (json!({"taskRoleArn": "app"}), vec!["app"], false),
            (
                json!({"taskRoleArn": "<TASK_ROLE>", "executionRoleArn": "arn:aws:iam::1:role/x"}),
                vec!["arn:aws:iam::1:role/x"],
                true,
            ),
        ] {
            let mut handoff = placeholder_mode(&block());
            let mut files = handoff.files.iter_mut();
            let file = files.find(|file| file.path == Path::new("taskdef.json"));
            file.unwrap().contents = members.to_string().into_bytes();
            let found = roles(&handoff);
            let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
            assert_eq!(found, (known, unknown), "{members}");
        }
        let mut without = placeholder_mode(&block());
        without.files.clear();
        assert_eq!(roles(&without), (Vec::new(), true));
    }
}
