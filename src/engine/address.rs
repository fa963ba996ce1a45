//! Addresses of engines as they are given, and those that are refused by name.

use launchway_buildkit::Address;

use super::error::EngineError;

/// Options of `docker buildx create --driver remote` that ask for TLS.
const TLS_OPTIONS: [&str; 4] = ["cacert=", "cert=", "key=", "servername="];

/// Reads `unix://` and `tcp://`; says which of the others are known and not built yet.
pub(super) fn parse(text: &str) -> Result<Address, EngineError> {
    match refusal(text) {
        Some(what) => Err(EngineError::Refused {
            address: text.to_owned(),
            what,
        }),
        None => Ok(Address::parse(text)?),
    }
}

/// What this address asks for, when it is something that this version does not have.
fn refusal(text: &str) -> Option<&'static str> {
    let (scheme, rest) = text.split_once("://").unwrap_or((text, ""));
    match scheme.to_ascii_lowercase().as_str() {
        _ if text.contains(',') && !TLS_OPTIONS.iter().any(|option| text.contains(option)) => {
            Some("several engines at once")
        }
        "docker-container" => Some("a Docker container as engine"),
        "docker" => Some("the BuildKit inside Docker as engine"),
        "podman-container" | "nerdctl-container" => Some("a container as engine"),
        "kube-pod" | "kubernetes" => Some("a Kubernetes pod as engine"),
        "ssh" => Some("an engine over SSH"),
        "tls" | "https" | "tcp+tls" => Some("TLS to an engine"),
        "tcp" if TLS_OPTIONS.iter().any(|option| rest.contains(option)) => Some("TLS to an engine"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_sockets_and_plain_tcp() {
        for text in [
            "unix:///run/buildkit/buildkitd.sock",
            "tcp://127.0.0.1:1234",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_by_name_what_is_not_built_yet() {
        for (text, what) in [
            ("docker-container://builder0", "Docker container"),
            ("docker://", "inside Docker"),
            ("kube-pod://buildkitd-0", "Kubernetes"),
            ("ssh://me@host", "SSH"),
            ("tcp://host:1234?cacert=/ca.pem,cert=/c.pem", "TLS"),
            ("https://host:1234", "TLS"),
            ("unix:///a.sock,tcp://b:1", "several"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, EngineError::Refused { .. }), "{text}");
            let message = error.to_string();
            assert!(message.contains(what), "{message}");
            assert!(
                message.contains("not available in this version"),
                "{message}"
            );
        }
    }

    #[test]
    fn other_text_is_a_wrong_address() {
        for text in [
            "",
            "/run/buildkitd.sock",
            "unix://relative",
            "ftp://host:1",
            "tcp://host",
        ] {
            let error = parse(text).unwrap_err();
            assert!(matches!(error, EngineError::InvalidAddress(_)), "{text}");
            assert_eq!(error.exit_code(), crate::exit::USAGE);
        }
    }
}
