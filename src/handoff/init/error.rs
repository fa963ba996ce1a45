//! What no pipeline of this form can serve.

use std::collections::BTreeMap;

use super::{ARTIFACT_COUNT, IMAGE_COUNT, Kind, Service, Setup, Style, identifier, logical};

/// The configuration does not fit a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// Nothing is deployed.
    #[error("there is no service block")]
    NoServices,
    /// A name would have to be quoted in the shell, YAML or `CloudFormation`.
    #[error("{what} `{value}` has characters that a pipeline cannot have")]
    Name {
        /// What it is the name of.
        what: &'static str,
        /// The name.
        value: String,
    },
    /// Two names become one.
    #[error("services `{first}` and `{second}` have the same name in a pipeline")]
    SameName {
        /// One service.
        first: String,
        /// The other.
        second: String,
    },
    /// The files of a service lie outside the sources.
    #[error("the folder of service `{service}` is `{folder}`, outside the sources")]
    Folder {
        /// The service.
        service: String,
        /// Its folder.
        folder: String,
    },
    /// A deploy action needs a file that a hand-off does not write.
    #[error("service `{service}` has no {file}, which its deploy stage reads")]
    NoFile {
        /// The service.
        service: String,
        /// The file.
        file: &'static str,
        /// The attribute of the block that it comes from.
        attribute: &'static str,
    },
    /// Nothing would put the images in.
    #[error("service `{service}` is registered by the build, and its mode is placeholder")]
    PlaceholderBatch {
        /// The service.
        service: String,
    },
    /// CodePipeline puts in at most four images.
    #[error(
        "service `{service}` has {count} images, and CodePipeline puts in at most {IMAGE_COUNT}"
    )]
    TooManyImages {
        /// The service.
        service: String,
        /// Its images.
        count: usize,
    },
    /// CodePipeline takes at most five artifacts of a build.
    #[error("{count} artifacts would be needed ({}), and a build gives at most {ARTIFACT_COUNT}", .names.join(", "))]
    TooManyArtifacts {
        /// How many.
        count: usize,
        /// Their names.
        names: Vec<String>,
    },
}

impl InitError {
    /// What to do about it; a sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::NoServices => {
                "Declare what is deployed in launchway.hcl: service \"NAME\" { … }".to_owned()
            }
            Self::Name { .. } => {
                "Letters, digits, `-`, `_`, `.`, `/` and `:` are safe everywhere.".to_owned()
            }
            Self::SameName { .. } => "Give one of the blocks another label.".to_owned(),
            Self::Folder { .. } => {
                "A build can only hand on what is in its folder; set `output` to a folder below it."
                    .to_owned()
            }
            Self::NoFile { attribute, .. } => {
                format!("Set `{attribute}` in the service block, or choose another --kind.")
            }
            Self::PlaceholderBatch { .. } => {
                "Set mode = \"render\" in the block: no deploy stage puts its images in.".to_owned()
            }
            Self::TooManyImages { .. } => {
                "Set mode = \"render\" in the block: it takes any number of images.".to_owned()
            }
            Self::TooManyArtifacts { .. } => {
                "Set mode = \"render\" in the blocks, or make a pipeline for some of the services: `launchway \
                 handoff init SERVICE…`."
                    .to_owned()
            }
        }
    }
}

/// Checks what the texts rely on.
pub(super) fn check(setup: &Setup) -> Result<(), InitError> {
    if setup.services.is_empty() {
        return Err(InitError::NoServices);
    }
    plain("folder", &setup.output)?;
    if let Some(environment) = &setup.environment {
        plain("environment", environment)?;
    }
    let mut names: BTreeMap<String, &str> = BTreeMap::new();
    for service in &setup.services {
        check_service(service)?;
        for key in [identifier(&service.name), logical(&service.name)] {
            match names.insert(key, &service.name) {
                Some(first) if first != service.name => {
                    return Err(InitError::SameName {
                        first: first.to_owned(),
                        second: service.name.clone(),
                    });
                }
                _ => {}
            }
        }
    }
    Ok(())
}

fn check_service(service: &Service) -> Result<(), InitError> {
    plain("service", &service.name)?;
    for name in service.cluster.iter().chain(&service.service) {
        plain("ECS name", name)?;
    }
    for role in &service.roles {
        plain("role", role)?;
    }
    let folder = &service.folder;
    if folder.starts_with('/') || folder.split('/').any(|part| part == "..") {
        return Err(InitError::Folder {
            service: service.name.clone(),
            folder: folder.clone(),
        });
    }
    plain("folder", folder)?;
    let has = |name: &str| service.files.iter().any(|file| file == name);
    let missing = |file, attribute| {
        Err(InitError::NoFile {
            service: service.name.clone(),
            file,
            attribute,
        })
    };
    match service.kind {
        Kind::BlueGreen | Kind::Batch if !has("taskdef.json") => missing("taskdef.json", "taskdef"),
        Kind::BlueGreen if service.appspec().is_none() => missing("appspec", "appspec"),
        Kind::Rolling | Kind::EcsBlueGreen if !has("imagedefinitions.json") => {
            missing("imagedefinitions.json", "taskdef")
        }
        Kind::Batch if service.style == Style::Placeholder => Err(InitError::PlaceholderBatch {
            service: service.name.clone(),
        }),
        Kind::BlueGreen
            if service.style == Style::Placeholder && service.images.len() > IMAGE_COUNT =>
        {
            Err(InitError::TooManyImages {
                service: service.name.clone(),
                count: service.images.len(),
            })
        }
        _ => Ok(()),
    }
}

fn plain(what: &'static str, value: &str) -> Result<(), InitError> {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:@+=,".contains(c);
    if !value.is_empty() && value.chars().all(safe) && !value.starts_with('-') {
        return Ok(());
    }
    Err(InitError::Name {
        what,
        value: value.to_owned(),
    })
}
