//! The pattern rules once more, as simply as possible: no shortcuts, no pruning.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// Everything below `root` that is sent, in the order of the walk.
pub(super) fn filtered(root: &Path, include: &[String], exclude: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    list(root, "", &mut all);
    let wanted = |path: &str| {
        (include.is_empty() || matches(include, path))
            && (exclude.is_empty() || !matches(exclude, path))
    };
    let sent: Vec<String> = all.iter().filter(|path| wanted(path)).cloned().collect();
    let holds_sent = |directory: &str| {
        let prefix = format!("{directory}/");
        sent.iter().any(|path| path.starts_with(&prefix))
    };
    all.into_iter()
        .filter(|path| sent.contains(path) || holds_sent(path))
        .collect()
}

fn list(directory: &Path, prefix: &str, all: &mut Vec<String>) {
    let mut names: Vec<_> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort_by(|a, b| a.as_bytes().cmp(b.as_bytes()));
    for name in names {
        let path = format!("{prefix}{}", name.to_str().unwrap());
        let full = directory.join(&name);
        all.push(path.clone());
        if full.symlink_metadata().unwrap().is_dir() {
            list(&full, &format!("{path}/"), all);
        }
    }
}

fn matches(patterns: &[String], path: &str) -> bool {
    let answers = answers(patterns, path);
    patterns
        .iter()
        .zip(answers)
        .rfind(|(_, fits)| *fits)
        .is_some_and(|(pattern, _)| !pattern.starts_with('!'))
}

/// Which patterns fit `path` or something above it.
fn answers(patterns: &[String], path: &str) -> Vec<bool> {
    let above = path
        .rsplit_once('/')
        .map(|(parent, _)| answers(patterns, parent));
    let mut matched = false;
    let mut own = Vec::new();
    for (index, pattern) in patterns.iter().enumerate() {
        let (negated, glob) = match pattern.strip_prefix('!') {
            Some(glob) => (true, glob),
            None => (false, pattern.as_str()),
        };
        let inherited = above.as_ref().is_some_and(|above| above[index]);
        let fits = inherited || (negated == matched && whole(glob, path));
        if fits {
            matched = !negated;
        }
        own.push(fits);
    }
    own
}

fn whole(glob: &str, path: &str) -> bool {
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    if let Some(suffix) = glob.strip_prefix("**")
        && !suffix.starts_with('/')
        && !suffix.contains(['*', '?', '[', '\\'])
    {
        return path.ends_with(suffix);
    }
    fits(&chars(glob), &chars(path))
}

fn fits(glob: &[char], text: &[char]) -> bool {
    match glob {
        [] => text.is_empty(),
        ['*', '*'] | ['*', '*', '/'] => true,
        ['*', '*', '/', rest @ ..] | ['*', '*', rest @ ..] => {
            fits(rest, text)
                || (0..text.len()).any(|at| text[at] == '/' && fits(rest, &text[at + 1..]))
        }
        ['*', rest @ ..] => {
            fits(rest, text)
                || text
                    .first()
                    .is_some_and(|c| *c != '/' && fits(glob, &text[1..]))
        }
        ['?', rest @ ..] => text
            .first()
            .is_some_and(|c| *c != '/' && fits(rest, &text[1..])),
        ['[', '^', c, ']', rest @ ..] => text
            .first()
            .is_some_and(|t| t != c && fits(rest, &text[1..])),
        ['[', low, '-', high, ']', rest @ ..] => text
            .first()
            .is_some_and(|t| (low..=high).contains(&t) && fits(rest, &text[1..])),
        ['\\', c, rest @ ..] | [c, rest @ ..] => text.first() == Some(c) && fits(rest, &text[1..]),
    }
}
