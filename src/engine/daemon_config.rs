//! `buildkitd.toml` for a daemon that Launchway starts. Source of the keys: BuildKit's
//! `cmd/buildkitd/config`.
//!
//! Platforms are not in it: the daemon finds out by itself, and again every 20 s, by running a
//! small program of each architecture. That proves more than a list of registered emulators does,
//! and an emulator that is installed later is used without a restart.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// What a registry needs that the daemon cannot know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySettings {
    /// It speaks HTTP without TLS. (The daemon itself assumes that of loopback addresses.)
    pub plain_http: bool,
    /// Hosts to pull from before the registry itself.
    pub mirrors: Vec<String>,
}

/// The values that differ between daemons.
#[derive(Clone, Copy, Debug)]
pub(super) struct DaemonConfig<'a> {
    /// The daemon's own state: its cache.
    pub(super) root: &'a Path,
    /// The control socket.
    pub(super) socket: &'a Path,
    /// The runtime that runs steps.
    pub(super) runtime: &'a Path,
    pub(super) registries: &'a BTreeMap<String, RegistrySettings>,
}

impl DaemonConfig<'_> {
    /// The whole file.
    pub(super) fn text(&self) -> String {
        let root = quoted(&self.root.to_string_lossy());
        let address = quoted(&format!("unix://{}", self.socket.display()));
        let traces = quoted(&self.socket.with_extension("otel").to_string_lossy());
        let provenance = quoted(&self.root.join("provenance.d").to_string_lossy());
        let runtime = quoted(&self.runtime.to_string_lossy());
        let mut text = format!(
            "\
# Written by Launchway at every start of the engine; changes here are lost.
root = {root}
# Its defaults are shared by all daemons of the machine.
provenanceEnvDir = {provenance}

[grpc]
  address = [{address}]

[otel]
  socketPath = {traces}

[cdi]
  disabled = true

[worker.containerd]
  enabled = false

[worker.oci]
  enabled = true
  binary = {runtime}
  snapshotter = \"auto\"
  # Steps use the machine's network; nothing has to be set up for it.
  networkMode = \"host\"
  # The cache may have up to 60 % of the disk and gives way when the disk fills up, but a tenth
  # of the disk always stays for it.
  gc = true
  reservedSpace = \"10%\"
  maxUsedSpace = \"60%\"
  minFreeSpace = \"10%\"
"
        );
        for (host, settings) in self.registries {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "\n[registry.{}]", quoted(host));
            if settings.plain_http {
                text.push_str("  http = true\n");
            }
            if !settings.mirrors.is_empty() {
                let mirrors: Vec<_> = settings.mirrors.iter().map(|host| quoted(host)).collect();
                let _ = writeln!(text, "  mirrors = [{}]", mirrors.join(", "));
            }
        }
        text
    }
}

/// A TOML basic string. Its escapes are those of JSON, but for DEL, which JSON lets pass.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text)
        .to_string()
        .replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(registries: &BTreeMap<String, RegistrySettings>) -> String {
        DaemonConfig {
            root: Path::new("/state/bui\"ld\nkit"),
            socket: Path::new("/state/buildkitd.sock"),
            runtime: Path::new("/usr/sbin/runc"),
            registries,
        }
        .text()
    }

    #[test]
    fn quotes_paths_and_keeps_sockets_apart() {
        let text = text(&BTreeMap::new());
        assert!(
            text.contains("\nroot = \"/state/bui\\\"ld\\nkit\"\n"),
            "{text}"
        );
        assert!(
            text.contains("address = [\"unix:///state/buildkitd.sock\"]"),
            "{text}"
        );
        assert!(
            text.contains("socketPath = \"/state/buildkitd.otel\""),
            "{text}"
        );
        assert!(!text.contains("[registry"), "{text}");
    }

    #[test]
    fn registries_get_their_sections() {
        let registries = BTreeMap::from([
            (
                "registry.internal:5000".to_owned(),
                RegistrySettings {
                    plain_http: true,
                    mirrors: Vec::new(),
                },
            ),
            (
                "docker.io".to_owned(),
                RegistrySettings {
                    plain_http: false,
                    mirrors: vec!["mirror.internal".to_owned(), "public.ecr.aws".to_owned()],
                },
            ),
        ]);
        let text = text(&registries);
        let expected = "
[registry.\"docker.io\"]
  mirrors = [\"mirror.internal\", \"public.ecr.aws\"]

[registry.\"registry.internal:5000\"]
  http = true
";
        assert!(text.ends_with(expected), "{text}");
    }
}
