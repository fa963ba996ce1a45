//! Which files are read, in which order, and how each is written.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::BakeError;
use super::parse::Syntax;
use super::request::Request;

/// The file with our own settings.
const OWN: &str = "launchway.hcl";

/// Bake files that are read when they exist, in this order; later ones are merged over earlier.
const DEFAULT: [&str; 4] = [
    "docker-bake.json",
    "docker-bake.hcl",
    "docker-bake.override.json",
    "docker-bake.override.hcl",
];

/// Compose files that buildx would merge below the bake files.
const COMPOSE: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
];

/// A text to parse.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// `None`: HCL is tried first, then JSON.
    pub(crate) syntax: Option<Syntax>,
}

/// All texts in order, and what was seen and left alone.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) files: Vec<File>,
    pub(crate) warnings: Vec<String>,
}

/// Reads everything that the request names or that is there by default.
pub(crate) fn read(request: &Request) -> Result<Files, BakeError> {
    let mut named = request.files.clone();
    if named.is_empty() {
        named = from_environment(request);
    }
    if named.is_empty() {
        read_default(request)
    } else {
        read_named(request, &named)
    }
}

/// `BUILDX_BAKE_FILE`, split at `BUILDX_BAKE_PATH_SEPARATOR`.
fn from_environment(request: &Request) -> Vec<PathBuf> {
    let value = |name: &str| {
        request
            .environment
            .get(name)
            .filter(|value| !value.is_empty())
    };
    let separator = value("BUILDX_BAKE_PATH_SEPARATOR").map_or(":", String::as_str);
    let Some(list) = value("BUILDX_BAKE_FILE") else {
        return Vec::new();
    };
    list.split(separator)
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .collect()
}

fn read_named(request: &Request, named: &[PathBuf]) -> Result<Files, BakeError> {
    let mut result = Files::default();
    for path in named {
        let extension = path
            .extension()
            .and_then(|extension| extension.to_str())
            .unwrap_or("");
        if matches!(extension, "yml" | "yaml") {
            return Err(BakeError::Compose { path: path.clone() });
        }
        let text = if path.as_os_str() == "-" {
            request.stdin.clone().ok_or(BakeError::NoStdin)?
        } else {
            read_file(&request.directory.join(path), path)?
        };
        let syntax = match extension {
            "hcl" => Some(Syntax::Hcl),
            "json" => Some(Syntax::Json),
            _ => None,
        };
        result.files.push(File {
            path: path.clone(),
            text,
            syntax,
        });
    }
    let own = Path::new(OWN);
    let is_named = named.iter().any(|path| path.file_name() == own.file_name());
    if !is_named && request.directory.join(own).is_file() {
        result.warnings.push(format!(
            "{OWN} is not read, because -f names the files to read; add -f {OWN} to read it too"
        ));
    }
    Ok(result)
}

fn read_default(request: &Request) -> Result<Files, BakeError> {
    let mut result = Files::default();
    for name in DEFAULT.into_iter().chain([OWN]) {
        let path = PathBuf::from(name);
        match read_file(&request.directory.join(&path), &path) {
            Ok(text) => {
                let json = path
                    .extension()
                    .is_some_and(|extension| extension == "json");
                let syntax = Some(if json { Syntax::Json } else { Syntax::Hcl });
                result.files.push(File { path, text, syntax });
            }
            Err(BakeError::Read { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let compose: Vec<&str> = COMPOSE
        .into_iter()
        .filter(|name| request.directory.join(name).is_file())
        .collect();
    if result.files.is_empty() {
        return Err(BakeError::NoFiles {
            directory: request.directory.clone(),
            looked_for: DEFAULT.into_iter().chain([OWN]).collect(),
            compose: compose.into_iter().map(PathBuf::from).collect(),
        });
    }
    for name in compose {
        result.warnings.push(format!(
            "{name} is not read: bake would merge its services, this version does not; use -f to \
             name the files to read"
        ));
    }
    Ok(result)
}

fn read_file(full: &Path, shown: &Path) -> Result<String, BakeError> {
    let bytes = std::fs::read(full).map_err(|source| BakeError::Read {
        path: shown.to_path_buf(),
        source,
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let offset = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..offset]
            .split(|byte| *byte == b'\n')
            .count();
        BakeError::NotText {
            path: shown.to_path_buf(),
            line,
        }
    })
}
