//! Resolves `followpaths`: paths that the daemon wants together with everything that their
//! symbolic links lead to.
//!
//! A path is resolved component by component. A link adds itself and the place that it points to;
//! absolute links start at the root of the context, and `..` cannot leave it. A component may be a
//! glob; then the links among the names that it fits are followed. Nothing else is looked at: the
//! result is a list of include patterns, and whether they fit anything is the walk's affair.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::Path;

use super::SendError;
use super::glob::{DoubleStar, Glob};
use super::pattern::clean;

/// The include patterns for `paths`, sorted. `None` when they add none: there are no paths, or
/// one of them leads to the root and so to everything.
pub(super) fn resolve(root: &Path, paths: &[String]) -> Result<Option<Vec<String>>, SendError> {
    if paths.is_empty() {
        return Ok(None);
    }
    let mut resolver = Resolver {
        root,
        found: BTreeSet::new(),
        open: paths.iter().rev().cloned().collect(),
    };
    while let Some(path) = resolver.open.pop() {
        resolver.follow(&path)?;
    }
    Ok(without_children(resolver.found.into_iter().collect()))
}

/// Drops patterns that lie below their predecessor, which covers them. `None` if one is the root.
pub(super) fn without_children(patterns: Vec<String>) -> Option<Vec<String>> {
    let mut kept: Vec<String> = Vec::with_capacity(patterns.len());
    for pattern in patterns {
        if pattern == "." {
            return None;
        }
        let covered = kept.last().is_some_and(|last| is_below(&pattern, last));
        if !covered {
            kept.push(pattern);
        }
    }
    Some(kept)
}

fn is_below(path: &str, directory: &str) -> bool {
    path.strip_prefix(directory)
        .is_some_and(|rest| rest.starts_with('/'))
}

struct Resolver<'a> {
    root: &'a Path,
    found: BTreeSet<String>,
    /// Paths that are still to be resolved, the next one last.
    open: Vec<String>,
}

impl Resolver<'_> {
    fn follow(&mut self, path: &str) -> Result<(), SendError> {
        // Cleaning it as a rooted path is what keeps `..` inside.
        let path = clean(&format!("/{path}"));
        let path = path.trim_start_matches('/');
        if path.is_empty() {
            self.found.insert(".".to_owned());
            return Ok(());
        }
        let ends = path
            .match_indices('/')
            .map(|(end, _)| end)
            .chain([path.len()]);
        for end in ends {
            let current = &path[..end];
            let targets = self.targets(current)?;
            if targets.is_empty() {
                continue;
            }
            // A link seen before leads in circles.
            if self.found.insert(current.to_owned()) {
                let rest = &path[end..];
                self.open
                    .extend(targets.iter().rev().map(|target| format!("{target}{rest}")));
            }
            return Ok(());
        }
        self.found.insert(path.to_owned());
        Ok(())
    }

    /// Where the link `path` points to, as a path in the context; several if the last component
    /// is a glob, none if there is no link.
    fn targets(&self, path: &str) -> Result<Vec<String>, SendError> {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if !has_wildcard(name) {
            return Ok(self.link_target(directory, name)?.into_iter().collect());
        }
        // A bad glob is reported when it is compiled as an include pattern.
        let Ok(glob) = Glob::new(name, DoubleStar::IsStar) else {
            return Ok(Vec::new());
        };
        let failed = |source| SendError::read(directory, source);
        let entries = match std::fs::read_dir(self.root.join(directory)) {
            Ok(entries) => entries,
            Err(error) if is_gone(&error) => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut targets = Vec::new();
        for entry in entries {
            let name = entry.map_err(failed)?.file_name();
            if let Some(name) = name.to_str().filter(|name| glob.matches(name)) {
                targets.extend(self.link_target(directory, name)?);
            }
        }
        targets.sort();
        Ok(targets)
    }

    fn link_target(&self, directory: &str, name: &str) -> Result<Option<String>, SendError> {
        let path = self.root.join(directory).join(name);
        match std::fs::read_link(&path) {
            Ok(target) => {
                let target = target.to_string_lossy();
                Ok(Some(if target.starts_with('/') {
                    target.into_owned()
                } else {
                    format!("/{directory}/{target}")
                }))
            }
            // EINVAL: it is no link.
            Err(error) if error.kind() == ErrorKind::InvalidInput || is_gone(&error) => Ok(None),
            Err(error) => Err(SendError::read(&format!("{directory}/{name}"), error)),
        }
    }
}

/// Whether a file is simply not there, possibly no longer.
pub(super) fn is_gone(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn has_wildcard(name: &str) -> bool {
    let mut escaped = false;
    name.chars().any(|c| {
        let wild = !escaped && matches!(c, '*' | '?' | '[');
        escaped = !escaped && c == '\\';
        wild
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn follow(root: &Path, paths: &[&str]) -> Option<Vec<String>> {
        let owned: Vec<String> = paths.iter().map(ToString::to_string).collect();
        resolve(root, &owned).unwrap()
    }

    #[test]
    fn links_are_followed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir_all(root.join("real/sub")).unwrap();
        std::fs::create_dir_all(root.join("links")).unwrap();
        std::fs::write(root.join("real/sub/f"), "").unwrap();
        for (link, target) in [
            ("one", "real/sub/f"),
            ("two", "one"),
            ("dir", "real"),
            ("absolute", "/real/sub"),
            ("out", "../../../real"),
            ("root", "/"),
            ("here", "."),
            ("loop-a", "loop-b"),
            ("loop-b", "loop-a"),
            ("deeper", "deeper/x"),
            ("dangling", "nowhere/at/all"),
            ("links/x.md", "../real/sub/f"),
            ("links/y.md", "y"),
            ("links/z.txt", "z"),
        ] {
            symlink(target, root.join(link)).unwrap();
        }
        #[rustfmt::skip]
        let table: &[(&[&str], Option<&[&str]>)] = &[
            (&[],                        None),
            (&["real/sub/f"],            Some(&["real/sub/f"])),
            (&["/real//sub/./f/"],       Some(&["real/sub/f"])),
            (&["../../real"],            Some(&["real"])),
            (&["missing/f"],             Some(&["missing/f"])),
            (&["real/sub/f/below"],      Some(&["real/sub/f/below"])),
            (&["one"],                   Some(&["one", "real/sub/f"])),
            (&["two"],                   Some(&["one", "real/sub/f", "two"])),
            (&["dir/sub/f"],             Some(&["dir", "real/sub/f"])),
            (&["absolute/f"],            Some(&["absolute", "real/sub/f"])),
            (&["out/sub"],               Some(&["out", "real/sub"])),
            (&["loop-a/f"],              Some(&["loop-a", "loop-b"])),
            (&["deeper/f"],              Some(&["deeper"])),
            (&["dangling"],              Some(&["dangling", "nowhere/at/all"])),
            (&["links/*.md"],            Some(&["links/*.md", "links/y", "real/sub/f"])),
            (&["real/*/f"],              Some(&["real/*/f"])),
            (&["missing/*"],             Some(&["missing/*"])),
            (&["links/[z-a"],            Some(&["links/[z-a"])),
            (&["real/sub/f", "real"],    Some(&["real"])),
            (&["root"],                  None),
            (&["here/one"],              Some(&["here", "one", "real/sub/f"])),
            (&["real/sub/f", "."],       None),
            (&[".."],                    None),
        ];
        for (paths, expected) in table {
            let found = follow(root, paths);
            let found: Option<Vec<&str>> = found
                .as_ref()
                .map(|found| found.iter().map(String::as_str).collect());
            assert_eq!(found.as_deref(), *expected, "{paths:?}");
        }
    }
}
