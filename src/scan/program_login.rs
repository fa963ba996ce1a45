//! The login that a scanner is given: a folder with a Docker configuration of one entry, for one host.
//!
//! Looking the login up is not done here, and nothing of the user's own configuration is copied: its
//! other logins are no business of a scanner.

use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use launchway_buildkit::{Credential, Secret};

/// Under this name everybody keeps the login of Docker Hub.
const DOCKER_HUB_ENTRY: &str = "https://index.docker.io/v1/";

/// What is hidden is shown as this.
const REDACTED: &str = "<redacted>";

/// A user and a password for one registry.
pub(super) struct Login {
    entry: String,
    password: Secret,
    /// User and password as the configuration has them.
    encoded: Secret,
}

impl Login {
    /// A login for a host, as it stands in references.
    pub(super) fn new(host: &str, login: Credential) -> Self {
        let entry = match host {
            "docker.io" => DOCKER_HUB_ENTRY,
            host => host,
        };
        let pair = format!("{}:{}", login.username, login.secret.expose());
        Self {
            entry: entry.to_owned(),
            encoded: Secret::new(STANDARD.encode(pair)),
            password: login.secret,
        }
    }

    /// A text without the password, in neither form.
    pub(super) fn redact(&self, text: &str) -> String {
        let text = text.replace(self.encoded.expose(), REDACTED);
        match self.password.expose() {
            "" => text,
            password => text.replace(password, REDACTED),
        }
    }
}

/// A login in a folder that only this user can read; dropping it removes the folder.
pub(super) struct LoginFile(tempfile::TempDir);

impl LoginFile {
    /// Writes it.
    pub(super) fn write(login: &Login) -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::Builder::new()
            .prefix("launchway-login-")
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir()?;
        let config = serde_json::json!({
            "auths": { &login.entry: { "auth": login.encoded.expose() } },
        });
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(folder.path().join("config.json"))?
            .write_all(config.to_string().as_bytes())?;
        Ok(Self(folder))
    }

    /// A value of `DOCKER_CONFIG`.
    pub(super) fn folder(&self) -> &Path {
        self.0.path()
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_login_is_for_one_host_and_one_user_and_goes() {
        for (host, entry) in [
            ("r.example:5000", "r.example:5000"),
            ("docker.io", DOCKER_HUB_ENTRY),
        ] {
            let login = Login::new(
                host,
                Credential {
                    username: "me".to_owned(),
                    secret: Secret::new("planted-password"),
                },
            );
            let file = LoginFile::write(&login).unwrap();
            let folder = file.folder().to_owned();
            let path = folder.join("config.json");
            let config: serde_json::Value =
                serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
            let auth = "bWU6cGxhbnRlZC1wYXNzd29yZA==";
            assert_eq!(
                config,
                serde_json::json!({ "auths": { entry: { "auth": auth } } })
            );
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&folder), mode(&path)), (0o700, 0o600));
            let said = format!("no planted-password, no {auth}");
            assert_eq!(login.redact(&said), "no <redacted>, no <redacted>");
            drop(file);
            assert!(!folder.exists());
        }
    }
}
