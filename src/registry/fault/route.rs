//! Paths of the distribution API.

/// What a request is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/v2/`
    Root,
    /// `/token`, the token server.
    Token,
    /// `/v2/<repository>/…`
    In(String, Part),
    /// Anything else.
    Unknown,
}

/// A part of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// `manifests/<tag or digest>`
    Manifest(String),
    /// `blobs/<digest>`
    Blob(String),
    /// `blobs/uploads/`
    Uploads,
    /// `blobs/uploads/<id>`
    Upload(u64),
    /// `tags/list`
    Tags,
    /// `referrers/<digest>`
    Referrers(String),
}

impl Route {
    pub(super) fn parse(path: &str) -> Self {
        Self::read(path).unwrap_or(Self::Unknown)
    }

    fn read(path: &str) -> Option<Self> {
        if path == "/token" {
            return Some(Self::Token);
        }
        let rest = path.strip_prefix("/v2/")?;
        if rest.is_empty() {
            return Some(Self::Root);
        }
        let found = |repository: &str, part| Some(Self::In(repository.to_owned(), part));
        if let Some(repository) = rest.strip_suffix("/tags/list") {
            return found(repository, Part::Tags);
        }
        if let Some((repository, id)) = rest.split_once("/blobs/uploads/") {
            return match id {
                "" => found(repository, Part::Uploads),
                id => found(repository, Part::Upload(id.parse().ok()?)),
            };
        }
        let (before, last) = rest.rsplit_once('/')?;
        let (repository, kind) = before.rsplit_once('/')?;
        let last = last.to_owned();
        match kind {
            "manifests" => found(repository, Part::Manifest(last)),
            "blobs" => found(repository, Part::Blob(last)),
            "referrers" => found(repository, Part::Referrers(last)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_paths() {
        let within = |part| Route::In("a/b".to_owned(), part);
        for (path, expected) in [
            ("/v2/", Route::Root),
            ("/token", Route::Token),
            ("/v2/a/b/tags/list", within(Part::Tags)),
            (
                "/v2/a/b/manifests/v1",
                within(Part::Manifest("v1".to_owned())),
            ),
            ("/v2/a/b/blobs/x", within(Part::Blob("x".to_owned()))),
            ("/v2/a/b/blobs/uploads/", within(Part::Uploads)),
            ("/v2/a/b/blobs/uploads/7", within(Part::Upload(7))),
            ("/v2/a/b/other/x", Route::Unknown),
            ("/", Route::Unknown),
        ] {
            assert_eq!(Route::parse(path), expected, "{path}");
        }
    }
}
