//! What a token is for, in the words of Docker's token specification:
//! `repository:<path>:<action>[,<action>]`.

use std::collections::{BTreeMap, BTreeSet};

use crate::registry::Repository;

/// What one request does with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    /// Reads.
    Pull,
    /// Reads and writes.
    Push,
    /// Deletes.
    Delete,
}

/// A set of scopes with one spelling, so that it can be a cache key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ScopeSet(BTreeMap<String, BTreeSet<String>>);

impl ScopeSet {
    /// The scope of a request to one repository.
    pub(super) fn of(repository: &Repository, access: Access) -> Self {
        let mut scopes = Self::default();
        scopes.add(repository, access);
        scopes
    }

    /// Adds a repository, for example the one to mount from.
    pub(super) fn add(&mut self, repository: &Repository, access: Access) {
        let actions: &[&str] = match access {
            Access::Pull => &["pull"],
            Access::Push => &["pull", "push"],
            Access::Delete => &["delete"],
        };
        let entry = format!("repository:{}", repository.path());
        let all = self.0.entry(entry).or_default();
        all.extend(actions.iter().map(|action| (*action).to_owned()));
    }

    /// Adds what a challenge asked for (scopes separated by spaces).
    pub(super) fn add_text(&mut self, text: &str) {
        for scope in text.split_whitespace() {
            if let Some((resource, actions)) = scope.rsplit_once(':') {
                let all = self.0.entry(resource.to_owned()).or_default();
                all.extend(actions.split(',').map(str::to_owned));
            }
        }
    }

    /// Each scope as a token server takes it.
    pub(super) fn iter(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(resource, actions)| {
            let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
            format!("{resource}:{}", actions.join(","))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_one_spelling() {
        let repository: Repository = "ghcr.io/a/b".parse().unwrap();
        let mut scopes = ScopeSet::of(&repository, Access::Push);
        scopes.add(&"ghcr.io/a/base".parse().unwrap(), Access::Pull);
        let mut other = ScopeSet::of(&"ghcr.io/a/base".parse().unwrap(), Access::Pull);
        other.add_text("repository:a/b:push,pull  repository:a/b:pull nonsense");
        assert_eq!(scopes, other);
        assert_eq!(
            scopes.iter().collect::<Vec<_>>(),
            ["repository:a/b:pull,push", "repository:a/base:pull"]
        );
    }
}
