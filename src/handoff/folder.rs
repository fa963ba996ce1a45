//! The disk side of a hand-off: reading templates and writing the files of a service.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::FolderError;
use super::{Handoff, Template, Templates};
use crate::config::ServiceSettings;
use crate::release::{WriteError, write_atomically};

/// File names that a hand-off may leave out, and that must not stay behind from an earlier one.
const OPTIONAL: [&str; 2] = ["imageDetail.json", "imagedefinitions.json"];

/// The folder of a service's files: `output`, relative to the configuration's folder `base`, or
/// the service's name in the release's folder.
pub fn of_service(settings: &ServiceSettings, base: &Path, release: &Path) -> PathBuf {
    match &settings.output {
        Some(output) => base.join(output),
        None => release.join(&settings.name),
    }
}

/// Reads the templates that the block names, relative to the configuration's folder `base`.
///
/// # Errors
/// The first file that is missing, unreadable or not UTF-8.
pub fn read_templates(settings: &ServiceSettings, base: &Path) -> Result<Templates, FolderError> {
    let read = |path: &Option<PathBuf>| {
        path.as_ref()
            .map(|path| {
                let file = base.join(path);
                match fs::read_to_string(&file) {
                    Ok(text) => Ok(Template { path: file, text }),
                    Err(source) => Err(FolderError::Read { path: file, source }),
                }
            })
            .transpose()
    };
    Ok(Templates {
        taskdef: read(&settings.taskdef)?,
        appspec: read(&settings.appspec)?,
    })
}

/// Writes the files into the service's folder, each whole or not at all. An `imageDetail.json` or
/// `imagedefinitions.json` of an earlier hand-off that this one does not have is removed, so that
/// no deploy stage reads an old image.
///
/// # Errors
/// The file that could not be written, or a template that would be overwritten; then nothing is.
pub fn write(handoff: &Handoff, folder: &Path, templates: &Templates) -> Result<(), FolderError> {
    let files: Vec<(PathBuf, &[u8])> = handoff
        .files
        .iter()
        .map(|file| (folder.join(&file.path), file.contents.as_slice()))
        .collect();
    for template in [&templates.taskdef, &templates.appspec]
        .into_iter()
        .flatten()
    {
        if files
            .iter()
            .any(|(path, _)| same_file(path, &template.path))
        {
            return Err(FolderError::OverwritesTemplate {
                path: template.path.clone(),
            });
        }
    }
    for name in OPTIONAL {
        let path = folder.join(name);
        if !files.iter().any(|(written, _)| *written == path) {
            match fs::remove_file(&path) {
                Err(source) if source.kind() != io::ErrorKind::NotFound => {
                    return Err(FolderError::Write { path, source });
                }
                _ => {}
            }
        }
    }
    for (path, contents) in files {
        // What is the same keeps its time, for tools that look at it.
        if fs::read(&path).is_ok_and(|there| there == contents) {
            continue;
        }
        write_atomically(&path, contents)
            .map_err(|WriteError { path, source }| FolderError::Write { path, source })?;
    }
    Ok(())
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (fs::canonicalize(a), fs::canonicalize(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HandoffFile, ServiceSummary};
    use super::*;

    fn handoff(paths: &[&str]) -> Handoff {
        Handoff {
            files: paths
                .iter()
                .map(|path| HandoffFile {
                    path: path.into(),
                    contents: path.as_bytes().to_vec(),
                })
                .collect(),
            summary: ServiceSummary {
                service: "s".to_owned(),
                changed: false,
                images: std::collections::BTreeMap::new(),
            },
            warnings: Vec::new(),
        }
    }

    #[test]
    fn an_image_detail_of_an_earlier_hand_off_goes() {
        let dir = tempfile::tempdir().unwrap();
        let none = Templates::default();
        let folder = dir.path().join("out/shop");
        write(&handoff(&["imageDetail.json"]), &folder, &none).unwrap();
        assert!(folder.join("imageDetail.json").exists());
        let several = handoff(&["rp/imageDetail.json", "web/imageDetail.json"]);
        write(&several, &folder, &none).unwrap();
        assert!(!folder.join("imageDetail.json").exists());
        assert_eq!(
            fs::read(folder.join("rp/imageDetail.json")).unwrap(),
            b"rp/imageDetail.json"
        );
    }

    #[test]
    fn never_writes_over_a_template() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("taskdef.json"), "template").unwrap();
        let settings = ServiceSettings {
            taskdef: Some("taskdef.json".into()),
            ..ServiceSettings::default()
        };
        let templates = read_templates(&settings, dir.path()).unwrap();
        let folder = dir.path().join("x/..");
        fs::create_dir(dir.path().join("x")).unwrap();
        let error = write(&handoff(&["a.json", "taskdef.json"]), &folder, &templates).unwrap_err();
        assert!(matches!(error, FolderError::OverwritesTemplate { .. }));
        assert_eq!(error.exit_code(), crate::exit::CONFIGURATION);
        let text = fs::read_to_string(dir.path().join("taskdef.json")).unwrap();
        assert_eq!(text, "template");
        assert!(!dir.path().join("a.json").exists());
    }

    #[test]
    fn a_missing_template_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let settings = ServiceSettings {
            appspec: Some("deploy/appspec.yml".into()),
            ..ServiceSettings::default()
        };
        let error = read_templates(&settings, dir.path()).unwrap_err();
        assert!(error.to_string().ends_with("deploy/appspec.yml"), "{error}");
        assert_eq!(error.exit_code(), crate::exit::CONFIGURATION);
    }

    #[test]
    fn the_folder_is_the_name_or_the_output() {
        let mut settings = ServiceSettings {
            name: "shop".to_owned(),
            ..ServiceSettings::default()
        };
        let (base, release) = (Path::new("/repo"), Path::new("/repo/launchway-out"));
        assert_eq!(
            of_service(&settings, base, release),
            Path::new("/repo/launchway-out/shop")
        );
        settings.output = Some("deploy".into());
        assert_eq!(
            of_service(&settings, base, release),
            Path::new("/repo/deploy")
        );
    }
}
