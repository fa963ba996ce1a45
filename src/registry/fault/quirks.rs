//! How a registry is for good.

use std::time::Duration;

/// What makes one registry different from another. The default is a friendly one without login.
#[derive(Clone, Debug)]
pub struct Quirks {
    /// Who may do what.
    pub login: Login,
    /// A tag that exists cannot be moved; the refusal is worded as ECR's.
    pub immutable_tags: bool,
    /// Answers to manifests that were put have no `Location` (ECR).
    pub no_location: bool,
    /// Answers have no `Docker-Content-Digest`.
    pub no_digest_header: bool,
    /// Repositories that exist from the beginning; any other is `NAME_UNKNOWN` (ECR). `None`
    /// means that a repository exists as soon as something is pushed to it.
    pub repositories: Option<Vec<String>>,
    /// Blobs are served by another origin, behind a redirect to a signed URL (S3).
    pub redirect_blobs: bool,
    /// There is no referrers API.
    pub no_referrers: bool,
    /// Blobs are never mounted from other repositories.
    pub no_mounts: bool,
    /// Uploads must be in one piece: `PATCH` is refused.
    pub no_chunks: bool,
    /// Chunks, but for the last one, must have at least so many bytes; announced when an upload
    /// begins.
    pub smallest_chunk: Option<u64>,
    /// `Range` is ignored.
    pub no_ranges: bool,
    /// At most so many tags are listed at a time, whatever is asked for.
    pub page: usize,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            login: Login::None,
            immutable_tags: false,
            no_location: false,
            no_digest_header: false,
            repositories: None,
            redirect_blobs: false,
            no_referrers: false,
            no_mounts: false,
            no_chunks: false,
            smallest_chunk: None,
            no_ranges: false,
            page: 1000,
        }
    }
}

impl Quirks {
    /// As ECR does it: Basic login, no `Location`, given repositories only, no mounts.
    pub fn ecr(password: &str, repositories: &[&str]) -> Self {
        Self {
            login: Login::Basic {
                username: "AWS".to_owned(),
                password: password.to_owned(),
            },
            no_location: true,
            no_mounts: true,
            repositories: Some(repositories.iter().map(|&name| name.to_owned()).collect()),
            ..Self::default()
        }
    }
}

/// Who may do what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Login {
    /// Everyone everything.
    None,
    /// A user name and password with every request.
    Basic {
        /// The user.
        username: String,
        /// The password.
        password: String,
    },
    /// Tokens, each for the scopes that were asked for.
    Bearer {
        /// The user.
        username: String,
        /// The password, or the identity token for OAuth.
        password: String,
        /// What anyone may pull without a login.
        anonymous_pull: bool,
        /// How long tokens live.
        life: Duration,
    },
}
