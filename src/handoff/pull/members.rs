//! Which members a task definition has, as far as this version knows: to report what it does not.
//!
//! Source: the input of ECS `RegisterTaskDefinition` in the service model of 2026 and the structures below
//! it. A member that is missing here is kept and reported; nothing is ever dropped because of this
//! table.

use serde_json::Value;

use crate::handoff::json::{element_path, member_path};

/// What stands behind a member.
#[derive(Clone, Copy)]
enum Kind {
    /// A text, number or flag, a list of these, or a map with keys of the user's choice.
    Any,
    /// A structure, or a list of it.
    Of(&'static [Member]),
}

type Member = (&'static str, Kind);

use Kind::{Any, Of};

/// The JSON paths of all members that are not known, in the order of the document.
pub(super) fn unknown(definition: &Value) -> Vec<String> {
    let mut found = Vec::new();
    visit(definition, "", TASK_DEFINITION, &mut found);
    found
}

fn visit(value: &Value, path: &str, known: &'static [Member], found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let path = member_path(path, key);
                match known.iter().find(|(name, _)| name == key) {
                    Some((_, Of(inner))) => visit(member, &path, inner, found),
                    Some((_, Any)) => {}
                    None => found.push(path),
                }
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                visit(element, &element_path(path, index), known, found);
            }
        }
        _ => {}
    }
}

const TASK_DEFINITION: &[Member] = &[
    ("containerDefinitions", Of(CONTAINER)),
    ("cpu", Any),
    ("enableFaultInjection", Any),
    ("ephemeralStorage", Of(&[("sizeInGiB", Any)])),
    ("executionRoleArn", Any),
    ("family", Any),
    (
        "inferenceAccelerators",
        Of(&[("deviceName", Any), ("deviceType", Any)]),
    ),
    ("ipcMode", Any),
    ("memory", Any),
    ("networkMode", Any),
    ("pidMode", Any),
    (
        "placementConstraints",
        Of(&[("type", Any), ("expression", Any)]),
    ),
    (
        "proxyConfiguration",
        Of(&[
            ("type", Any),
            ("containerName", Any),
            ("properties", Of(NAME_AND_VALUE)),
        ]),
    ),
    ("requiresCompatibilities", Any),
    (
        "runtimePlatform",
        Of(&[("cpuArchitecture", Any), ("operatingSystemFamily", Any)]),
    ),
    ("taskRoleArn", Any),
    ("trustedExecutionConfiguration", Any),
    ("volumes", Of(VOLUME)),
];

const CONTAINER: &[Member] = &[
    ("command", Any),
    ("cpu", Any),
    ("credentialSpecs", Any),
    (
        "dependsOn",
        Of(&[("containerName", Any), ("condition", Any)]),
    ),
    ("disableNetworking", Any),
    ("dnsSearchDomains", Any),
    ("dnsServers", Any),
    ("dockerLabels", Any),
    ("dockerSecurityOptions", Any),
    ("entryPoint", Any),
    ("environment", Of(NAME_AND_VALUE)),
    ("environmentFiles", Of(&[("value", Any), ("type", Any)])),
    ("essential", Any),
    ("extraHosts", Of(&[("hostname", Any), ("ipAddress", Any)])),
    (
        "firelensConfiguration",
        Of(&[("type", Any), ("options", Any)]),
    ),
    (
        "healthCheck",
        Of(&[
            ("command", Any),
            ("interval", Any),
            ("timeout", Any),
            ("retries", Any),
            ("startPeriod", Any),
        ]),
    ),
    ("hostname", Any),
    ("image", Any),
    ("interactive", Any),
    ("links", Any),
    ("linuxParameters", Of(LINUX)),
    (
        "logConfiguration",
        Of(&[
            ("logDriver", Any),
            ("options", Any),
            ("secretOptions", Of(SECRET)),
        ]),
    ),
    ("memory", Any),
    ("memoryReservation", Any),
    (
        "mountPoints",
        Of(&[
            ("sourceVolume", Any),
            ("containerPath", Any),
            ("readOnly", Any),
        ]),
    ),
    ("name", Any),
    ("portMappings", Of(PORT)),
    ("privileged", Any),
    ("pseudoTerminal", Any),
    ("readonlyRootFilesystem", Any),
    (
        "repositoryCredentials",
        Of(&[("credentialsParameter", Any)]),
    ),
    (
        "resourceRequirements",
        Of(&[("value", Any), ("type", Any), ("sharingStrategy", Any)]),
    ),
    (
        "restartPolicy",
        Of(&[
            ("enabled", Any),
            ("ignoredExitCodes", Any),
            ("restartAttemptPeriod", Any),
        ]),
    ),
    ("secrets", Of(SECRET)),
    ("startTimeout", Any),
    ("stopTimeout", Any),
    ("systemControls", Of(&[("namespace", Any), ("value", Any)])),
    (
        "ulimits",
        Of(&[("name", Any), ("softLimit", Any), ("hardLimit", Any)]),
    ),
    ("user", Any),
    ("versionConsistency", Any),
    (
        "volumesFrom",
        Of(&[("sourceContainer", Any), ("readOnly", Any)]),
    ),
    ("workingDirectory", Any),
];

const NAME_AND_VALUE: &[Member] = &[("name", Any), ("value", Any)];

const SECRET: &[Member] = &[("name", Any), ("valueFrom", Any)];

const PORT: &[Member] = &[
    ("appProtocol", Any),
    ("containerPort", Any),
    ("containerPortRange", Any),
    ("hostPort", Any),
    ("name", Any),
    ("protocol", Any),
];

const LINUX: &[Member] = &[
    ("capabilities", Of(&[("add", Any), ("drop", Any)])),
    (
        "devices",
        Of(&[
            ("hostPath", Any),
            ("containerPath", Any),
            ("permissions", Any),
        ]),
    ),
    ("initProcessEnabled", Any),
    ("maxSwap", Any),
    ("sharedMemorySize", Any),
    ("swappiness", Any),
    (
        "tmpfs",
        Of(&[("containerPath", Any), ("size", Any), ("mountOptions", Any)]),
    ),
];

const VOLUME: &[Member] = &[
    ("configuredAtLaunch", Any),
    (
        "dockerVolumeConfiguration",
        Of(&[
            ("autoprovision", Any),
            ("driver", Any),
            ("driverOpts", Any),
            ("labels", Any),
            ("scope", Any),
        ]),
    ),
    (
        "efsVolumeConfiguration",
        Of(&[
            (
                "authorizationConfig",
                Of(&[("accessPointId", Any), ("iam", Any)]),
            ),
            ("fileSystemId", Any),
            ("rootDirectory", Any),
            ("transitEncryption", Any),
            ("transitEncryptionPort", Any),
        ]),
    ),
    (
        "fsxWindowsFileServerVolumeConfiguration",
        Of(&[
            (
                "authorizationConfig",
                Of(&[("credentialsParameter", Any), ("domain", Any)]),
            ),
            ("fileSystemId", Any),
            ("rootDirectory", Any),
        ]),
    ),
    ("host", Of(&[("sourcePath", Any)])),
    ("name", Any),
    (
        "s3filesVolumeConfiguration",
        Of(&[
            ("accessPointArn", Any),
            ("fileSystemArn", Any),
            ("rootDirectory", Any),
            ("transitEncryptionPort", Any),
        ]),
    ),
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn free_maps_have_no_unknown_members() {
        let definition = json!({"containerDefinitions": [{
            "dockerLabels": {"any.thing": "x"},
            "logConfiguration": {"options": {"awslogs-group": "g"}, "colour": "red"},
            "firelensConfiguration": {"options": {"config-file-type": "s3"}}
        }], "volumes": [{"dockerVolumeConfiguration": {"labels": {"a": "b"}}}]});
        assert_eq!(
            unknown(&definition),
            ["containerDefinitions[0].logConfiguration.colour"]
        );
    }

    #[test]
    fn unknown_members_are_found_at_every_depth_and_not_below_themselves() {
        let definition = json!({"family": "f", "gpu": {"inner": 1}, "containerDefinitions": [
            {"name": "a"},
            {"name": "b", "snapshot": true, "environment": [{"name": "A", "value": "", "secret": 1}]}
        ]});
        assert_eq!(
            unknown(&definition),
            [
                "gpu",
                "containerDefinitions[1].snapshot",
                "containerDefinitions[1].environment[0].secret",
            ]
        );
    }
}
