//! The file of a pulled template: compared with what is there, and written only where nobody's work is
//! lost.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::environment::{Kind, Shown, compare};
use crate::exit;
use crate::handoff::Template;
use crate::handoff::pull::{self, Pulled};
use crate::release;
use crate::ui::{Failure, Style};

use crate::cli::Invocation;

use super::shown;

/// The file as JSON; `None` when there is none.
fn existing(path: &Path) -> Result<Option<Value>, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let path = path.to_owned();
            Ok(Some(pull::parse(&Template { path, text })?))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("cannot read {}", path.display());
            Err(Failure::with_cause(exit::CONFIGURATION, message, &error))
        }
    }
}

fn parsed(text: &str) -> Value {
    // It is our own JSON.
    serde_json::from_str(text).unwrap_or_default()
}

/// Prints what differs from the file to what runs.
pub(super) fn show_difference(
    invocation: &Invocation,
    path: &Path,
    pulled: &Pulled,
) -> Result<(), Failure> {
    let Some(there) = existing(path)? else {
        let message = format!("there is no {} to compare with", shown(invocation, path));
        return Err(
            Failure::new(exit::CONFIGURATION, message).hint("--output without --diff writes it.")
        );
    };
    let found = compare(&there, &parsed(&pulled.text));
    if found.is_empty() {
        let message = format!("{} is what runs", shown(invocation, path));
        invocation.printer.note(&message);
        return Ok(());
    }
    let style = invocation.printer.answer_style();
    let mut text = format!(
        "{}\n",
        style.bold(format!("from {} to what runs", shown(invocation, path)))
    );
    for difference in &found {
        let _ = writeln!(text, "{}", painted(difference, style));
    }
    invocation.printer.answer(&text)
}

fn painted(difference: &Shown, style: Style) -> String {
    let shown = difference.to_string();
    match difference.kind {
        Kind::Added => style.green(shown),
        Kind::Removed => style.red(shown),
        Kind::Changed | Kind::Reordered => style.yellow(shown),
    }
}

/// Writes the template, and its tags beside it. A file that differs needs `force`.
pub(super) fn write(
    invocation: &Invocation,
    path: &Path,
    pulled: &Pulled,
    force: bool,
) -> Result<(), Failure> {
    let mut files = vec![(path.to_owned(), pulled.text.as_str())];
    if let Some(tags) = &pulled.tags {
        files.push((tags_file(path), tags));
    }
    let mut wanted = Vec::new();
    for (path, text) in files {
        // A file that is not JSON is somebody's work, too.
        let there = if force { Ok(None) } else { existing(&path) };
        let message = match there {
            Ok(Some(there)) if there == parsed(text) => {
                let message = format!("{} is the same already", shown(invocation, &path));
                invocation.printer.note(&message);
                continue;
            }
            Ok(None) => {
                wanted.push((path, text));
                continue;
            }
            Ok(Some(there)) => {
                let count = compare(&there, &parsed(text)).len();
                let places = if count == 1 { "place" } else { "places" };
                format!(
                    "{} is there and differs in {count} {places}",
                    shown(invocation, &path)
                )
            }
            Err(_) => format!(
                "{} is there and is something else",
                shown(invocation, &path)
            ),
        };
        return Err(Failure::new(exit::HANDOFF, message)
            .hint("--diff shows what differs; --force replaces the file."));
    }
    for (path, text) in wanted {
        release::write_atomically(&path, text.as_bytes())?;
        invocation
            .printer
            .note(&format!("wrote {}", shown(invocation, &path)));
    }
    Ok(())
}

/// Where the tags of a template go: `deploy/taskdef.json` has `deploy/tags.json`, any other
/// `web.json` has `web.tags.json`.
fn tags_file(template: &Path) -> PathBuf {
    let name = template.file_name().unwrap_or_default().to_string_lossy();
    if name.contains("taskdef") {
        return template.with_file_name(name.replacen("taskdef", "tags", 1));
    }
    template.with_extension("tags.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_stand_beside_their_template() {
        for (template, tags) in [
            ("deploy/taskdef.json", "deploy/tags.json"),
            ("shop-taskdef.template.json", "shop-tags.template.json"),
            ("web.json", "web.tags.json"),
        ] {
            assert_eq!(tags_file(Path::new(template)), Path::new(tags));
        }
    }
}
