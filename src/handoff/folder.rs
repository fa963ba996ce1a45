//! The disk side of a hand-off: reading templates and writing the files of a service.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::error::FolderError;
use super::{Handoff, Template, Templates, summary};
use crate::config::{AppspecSource, ServiceSettings};
use crate::release::{WriteError, write_atomically};

/// Files that must not stay behind from an earlier hand-off, whoever wrote it: a deploy stage would
/// read an old image.
const STALE: [&str; 2] = ["imageDetail.json", "imagedefinitions.json"];

/// Names of files that a hand-off may leave out. Such a file goes only when the earlier hand-off says
/// that it is its own: `output` may be a folder in which the user keeps others.
const OPTIONAL: [&str; 7] = [
    "taskdef.json",
    "imageDetail.json",
    "imagedefinitions.json",
    "tags.json",
    "appspec.yaml",
    "appspec.yml",
    "appspec.json",
];

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
    let read = |path: Option<&PathBuf>| {
        path.map(|path| {
            let file = base.join(path);
            match fs::read_to_string(&file) {
                Ok(text) => Ok(Template { path: file, text }),
                Err(source) => Err(FolderError::Read { path: file, source }),
            }
        })
        .transpose()
    };
    let appspec = match &settings.appspec {
        Some(AppspecSource::File(path)) => Some(path),
        _ => None,
    };
    Ok(Templates {
        taskdef: read(settings.taskdef.as_ref())?,
        appspec: read(appspec)?,
    })
}

/// Writes the files into the service's folder, each whole or not at all; a file that has these bytes
/// already is left alone, with its time. Files of an earlier hand-off that this one does not have are
/// removed, so that no deploy stage reads an old image.
///
/// # Errors
/// The file that could not be written, or a template that would be overwritten or removed; then
/// nothing is.
pub fn write(handoff: &Handoff, folder: &Path, templates: &Templates) -> Result<(), FolderError> {
    let files: Vec<(PathBuf, &[u8])> = handoff
        .files
        .iter()
        .map(|file| (folder.join(&file.path), file.contents.as_slice()))
        .collect();
    let templates: Vec<&Path> = [&templates.taskdef, &templates.appspec]
        .into_iter()
        .flatten()
        .map(|template| template.path.as_path())
        .collect();
    let is_template = |path: &Path| templates.iter().any(|template| same_file(path, template));
    for (path, _) in &files {
        if is_template(path) {
            return Err(FolderError::OverwritesTemplate { path: path.clone() });
        }
    }
    for path in leftovers(folder) {
        if files.iter().any(|(written, _)| *written == path) || is_template(&path) {
            continue;
        }
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(FolderError::Write { path, source });
            }
            _ => {}
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

/// Files that an earlier hand-off may have left in the folder.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = STALE.iter().map(|name| folder.join(name)).collect();
    let earlier = fs::read(folder.join(summary::SUMMARY_FILE)).ok();
    let earlier: Option<serde_json::Value> =
        earlier.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let files = earlier
        .as_ref()
        .and_then(|earlier| earlier["files"].as_array());
    for path in files.into_iter().flatten().filter_map(|file| file.as_str()) {
        let path = Path::new(path);
        let inside = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let name = path.file_name().and_then(|name| name.to_str());
        if inside && name.is_some_and(|name| OPTIONAL.contains(&name)) {
            paths.push(folder.join(path));
        }
    }
    paths
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
            summary: ServiceSummary::default(),
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
    fn a_task_definition_that_is_not_written_any_more_goes_when_it_was_ours() {
        let dir = tempfile::tempdir().unwrap();
        let none = Templates::default();
        let mut first = handoff(&["handoff.json", "taskdef.json"]);
        first.files[0].contents = br#"{"files": ["taskdef.json"]}"#.to_vec();
        write(&first, dir.path(), &none).unwrap();
        write(&handoff(&["imagedefinitions.json"]), dir.path(), &none).unwrap();
        assert!(!dir.path().join("taskdef.json").exists());

        let theirs = tempfile::tempdir().unwrap();
        fs::write(theirs.path().join("taskdef.json"), "the user's").unwrap();
        write(&handoff(&["imagedefinitions.json"]), theirs.path(), &none).unwrap();
        assert!(theirs.path().join("taskdef.json").exists());
    }

    #[test]
    fn files_that_the_earlier_hand_off_says_are_its_own_go_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let none = Templates::default();
        let folder = dir.path().join("out");
        for kept in [
            "rp/notes",
            "notes",
            "appspec.yml",
            "web/imageDetail.json",
            "../tags.json",
        ] {
            let path = folder.join(kept);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, kept).unwrap();
        }
        let mut several = handoff(&["handoff.json", "rp/imageDetail.json", "appspec.yaml"]);
        several.files[0].contents = br#"{"files": ["rp/imageDetail.json", "appspec.yaml", "notes",
            "../tags.json", "/etc/tags.json", 5]}"#
            .to_vec();
        write(&several, &folder, &none).unwrap();
        write(&handoff(&["taskdef.json"]), &folder, &none).unwrap();
        for gone in ["rp/imageDetail.json", "appspec.yaml"] {
            assert!(!folder.join(gone).exists(), "{gone}");
        }
        for kept in [
            "rp/notes",
            "notes",
            "appspec.yml",
            "web/imageDetail.json",
            "../tags.json",
        ] {
            assert!(folder.join(kept).exists(), "{kept}");
        }
    }

    #[test]
    fn a_file_with_the_same_bytes_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let none = Templates::default();
        let modified = |name: &str| {
            fs::metadata(dir.path().join(name))
                .unwrap()
                .modified()
                .unwrap()
        };
        let past = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000_000);
        let mut two = handoff(&["a.json", "b.json"]);
        write(&two, dir.path(), &none).unwrap();
        for name in ["a.json", "b.json"] {
            let file = fs::File::options()
                .write(true)
                .open(dir.path().join(name))
                .unwrap();
            file.set_modified(past).unwrap();
        }
        two.files[1].contents.push(b'!');
        write(&two, dir.path(), &none).unwrap();
        assert_eq!(modified("a.json"), past);
        assert_ne!(modified("b.json"), past);
        assert_eq!(fs::read(dir.path().join("b.json")).unwrap(), b"b.json!");
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
            appspec: Some(AppspecSource::File("deploy/appspec.yml".into())),
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
