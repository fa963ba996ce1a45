//! A buildspec and a pipeline around the hand-off: texts to start from, made of the configuration.
//!
//! Everything that is named comes from the configuration or is a parameter of the template. What the
//! pipeline takes is what the buildspec gives, and what the buildspec gives is what a hand-off writes:
//! callers say which files that is, and [`texts`] refuses what does not fit together.
//!
//! The texts are CodeBuild's buildspec version 0.2 and `CloudFormation` with a CodePipeline of type V2.
//! Nothing is created here, and nothing is read.

mod buildspec;
mod deploy;
mod error;
mod pipeline;
mod roles;
mod source;
mod text;

use crate::aws::EcrHost;

pub use error::InitError;
pub use source::Source;

/// The most artifacts that CodePipeline takes from one build.
pub const ARTIFACT_COUNT: usize = 5;

/// The most images that a `CodeDeployToECS` action puts in.
pub const IMAGE_COUNT: usize = 4;

/// How a service is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// CodeDeploy, by the action `CodeDeployToECS`.
    BlueGreen,
    /// ECS, by the action ECS: the service's own rolling deployment.
    Rolling,
    /// The same action, for a service whose own deployment strategy is blue/green.
    EcsBlueGreen,
    /// Nothing runs all the time: a task definition is registered, for a schedule or a job.
    Batch,
}

/// Who puts the images into the task definition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// The hand-off did: its task definition has digests.
    #[default]
    Render,
    /// CodePipeline does, from one artifact for each image.
    Placeholder,
}

/// Everything that the texts are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Setup {
    /// What is deployed.
    pub services: Vec<Service>,
    /// What the release pushes to, caches included. Registries that are not ECR are not listed.
    pub repositories: Vec<EcrRepository>,
    /// A release may create repositories.
    pub create_repositories: bool,
    /// The platforms of all images, for example `linux/arm64`.
    pub platforms: Vec<String>,
    /// The folder of the release's files, relative to the sources.
    pub output: String,
    /// The environment whose values are used.
    pub environment: Option<String>,
    /// Where the sources come from.
    pub source: Source,
    /// A person approves before anything is deployed.
    pub approval: bool,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The label of its block.
    pub name: String,
    /// How it is deployed.
    pub kind: Kind,
    /// Who puts the images in.
    pub style: Style,
    /// The ECS cluster; a parameter where the block does not say.
    pub cluster: Option<String>,
    /// The ECS service; a parameter where the block does not say.
    pub service: Option<String>,
    /// The folder of its files, relative to the sources.
    pub folder: String,
    /// The files that a hand-off writes, relative to the folder.
    pub files: Vec<String>,
    /// The targets whose images it runs.
    pub targets: Vec<String>,
    /// Its images, for [`Style::Placeholder`].
    pub images: Vec<ServiceImage>,
    /// The roles that its task definition names, by ARN or by name.
    pub roles: Vec<String>,
    /// It has roles that cannot be told: there is no task definition, or a placeholder in it.
    pub unknown_roles: bool,
}

/// An image that CodePipeline puts in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceImage {
    /// The placeholder's name, without brackets.
    pub placeholder: String,
    /// Its `imageDetail.json`, relative to the service's folder.
    pub detail: String,
}

/// A repository of ECR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcrRepository {
    /// The registry.
    pub host: EcrHost,
    /// The repository's name.
    pub path: String,
}

/// The two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// `buildspec.yml`.
    pub buildspec: String,
    /// `pipeline.yml`, a `CloudFormation` template.
    pub pipeline: String,
}

/// An artifact that the build gives and the deploy stage takes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Artifact {
    /// Its name in both: `[A-Za-z0-9_-]`.
    name: String,
    /// The folder that it is made of.
    folder: String,
    /// The files in it.
    files: Vec<String>,
}

/// Makes both texts.
///
/// # Errors
/// A configuration that no such pipeline can serve; see [`InitError`].
pub fn texts(setup: &Setup) -> Result<Texts, InitError> {
    error::check(setup)?;
    let artifacts: Vec<Artifact> = setup.services.iter().flat_map(Service::artifacts).collect();
    if artifacts.len() > ARTIFACT_COUNT {
        return Err(InitError::TooManyArtifacts {
            count: artifacts.len(),
            names: artifacts.into_iter().map(|one| one.name).collect(),
        });
    }
    Ok(Texts {
        buildspec: buildspec::text(setup, &artifacts),
        pipeline: pipeline::text(setup, &artifacts),
    })
}

impl Service {
    /// The artifacts that its deploy action takes: the definitions, and in placeholder style one for
    /// each image.
    fn artifacts(&self) -> Vec<Artifact> {
        let definitions = Artifact {
            name: identifier(&self.name),
            folder: self.folder.clone(),
            files: self.deployed_files(),
        };
        let images = self.pipeline_images().iter().map(|image| {
            let (folder, file) = match image.detail.rsplit_once('/') {
                Some((folder, file)) => (format!("{}/{folder}", self.folder), file),
                None => (self.folder.clone(), image.detail.as_str()),
            };
            Artifact {
                name: self.image_artifact(image),
                folder,
                files: vec![file.to_owned()],
            }
        });
        match self.kind {
            Kind::Batch => Vec::new(),
            _ => std::iter::once(definitions).chain(images).collect(),
        }
    }

    /// The images that CodePipeline puts in; none where the hand-off did.
    fn pipeline_images(&self) -> &[ServiceImage] {
        match (self.kind, self.style) {
            (Kind::BlueGreen, Style::Placeholder) => &self.images,
            _ => &[],
        }
    }

    fn image_artifact(&self, image: &ServiceImage) -> String {
        identifier(&format!("{}_{}", self.name, image.placeholder))
    }

    /// The files that the deploy action reads, and the summary.
    fn deployed_files(&self) -> Vec<String> {
        let wanted = |file: &&String| match self.kind {
            Kind::BlueGreen => *file == "taskdef.json" || file.starts_with("appspec."),
            Kind::Rolling | Kind::EcsBlueGreen => *file == "imagedefinitions.json",
            Kind::Batch => false,
        };
        self.files.iter().filter(wanted).cloned().collect()
    }

    /// The name of its appspec.
    fn appspec(&self) -> Option<&str> {
        let mut files = self.files.iter();
        let found = files.find(|file| file.starts_with("appspec."));
        found.map(String::as_str)
    }
}

/// A name that artifacts, stages and actions may have.
fn identifier(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => c,
            _ => '_',
        })
        .collect()
}

/// A name that resources and parameters of `CloudFormation` may have: `log-router` is `LogRouter`.
fn logical(name: &str) -> String {
    name.split(|c: char| !c.is_ascii_alphanumeric())
        .map(|part| {
            let mut chars = part.chars();
            let first = chars.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(chars).collect::<String>()
        })
        .collect()
}

#[cfg(test)]
mod tests;
