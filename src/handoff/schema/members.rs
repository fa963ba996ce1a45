//! The members of ECS `RegisterTaskDefinition`, as its API model of 2026 has them.
//!
//! A table and nothing else; what is made of it is the parent's work. A member that AWS adds later is
//! missing here, which is why an unknown one is a warning and is handed on all the same.

use super::Shape;
use super::Type::{Any, Flag, Number, Numbers, Object, Objects, Text, TextMap, Texts};

pub(in crate::handoff) static TASK_DEFINITION: Shape = Shape(&[
    ("family", Text),
    ("taskRoleArn", Text),
    ("executionRoleArn", Text),
    ("networkMode", Text),
    ("containerDefinitions", Objects(&CONTAINER)),
    ("volumes", Objects(&VOLUME)),
    ("placementConstraints", Objects(&PLACEMENT_CONSTRAINT)),
    ("requiresCompatibilities", Texts),
    ("cpu", Text),
    ("memory", Text),
    ("tags", Objects(&TAG)),
    ("pidMode", Text),
    ("ipcMode", Text),
    ("proxyConfiguration", Object(&PROXY_CONFIGURATION)),
    ("inferenceAccelerators", Objects(&INFERENCE_ACCELERATOR)),
    ("ephemeralStorage", Object(&EPHEMERAL_STORAGE)),
    ("runtimePlatform", Object(&RUNTIME_PLATFORM)),
    ("enableFaultInjection", Flag),
    ("trustedExecutionConfiguration", Any),
]);

static RUNTIME_PLATFORM: Shape =
    Shape(&[("cpuArchitecture", Text), ("operatingSystemFamily", Text)]);

static EPHEMERAL_STORAGE: Shape = Shape(&[("sizeInGiB", Number)]);

static INFERENCE_ACCELERATOR: Shape = Shape(&[("deviceName", Text), ("deviceType", Text)]);

static PROXY_CONFIGURATION: Shape = Shape(&[
    ("type", Text),
    ("containerName", Text),
    ("properties", Objects(&KEY_VALUE_PAIR)),
]);

static TAG: Shape = Shape(&[("key", Text), ("value", Text)]);

static PLACEMENT_CONSTRAINT: Shape = Shape(&[("type", Text), ("expression", Text)]);

static VOLUME: Shape = Shape(&[
    ("name", Text),
    ("host", Object(&HOST_VOLUME_PROPERTIES)),
    (
        "dockerVolumeConfiguration",
        Object(&DOCKER_VOLUME_CONFIGURATION),
    ),
    ("efsVolumeConfiguration", Object(&EFS_VOLUME_CONFIGURATION)),
    (
        "s3filesVolumeConfiguration",
        Object(&S3_FILES_VOLUME_CONFIGURATION),
    ),
    (
        "fsxWindowsFileServerVolumeConfiguration",
        Object(&FSX_WINDOWS_FILE_SERVER_VOLUME_CONFIGURATION),
    ),
    ("configuredAtLaunch", Flag),
]);

static FSX_WINDOWS_FILE_SERVER_VOLUME_CONFIGURATION: Shape = Shape(&[
    ("fileSystemId", Text),
    ("rootDirectory", Text),
    (
        "authorizationConfig",
        Object(&FSX_WINDOWS_FILE_SERVER_AUTHORIZATION_CONFIG),
    ),
]);

static FSX_WINDOWS_FILE_SERVER_AUTHORIZATION_CONFIG: Shape =
    Shape(&[("credentialsParameter", Text), ("domain", Text)]);

static S3_FILES_VOLUME_CONFIGURATION: Shape = Shape(&[
    ("fileSystemArn", Text),
    ("rootDirectory", Text),
    ("transitEncryptionPort", Number),
    ("accessPointArn", Text),
]);

static EFS_VOLUME_CONFIGURATION: Shape = Shape(&[
    ("fileSystemId", Text),
    ("rootDirectory", Text),
    ("transitEncryption", Text),
    ("transitEncryptionPort", Number),
    ("authorizationConfig", Object(&EFS_AUTHORIZATION_CONFIG)),
]);

static EFS_AUTHORIZATION_CONFIG: Shape = Shape(&[("accessPointId", Text), ("iam", Text)]);

static DOCKER_VOLUME_CONFIGURATION: Shape = Shape(&[
    ("scope", Text),
    ("autoprovision", Flag),
    ("driver", Text),
    ("driverOpts", TextMap),
    ("labels", TextMap),
]);

static HOST_VOLUME_PROPERTIES: Shape = Shape(&[("sourcePath", Text)]);

static CONTAINER: Shape = Shape(&[
    ("name", Text),
    ("image", Text),
    ("repositoryCredentials", Object(&REPOSITORY_CREDENTIALS)),
    ("cpu", Number),
    ("memory", Number),
    ("memoryReservation", Number),
    ("links", Texts),
    ("portMappings", Objects(&PORT_MAPPING)),
    ("essential", Flag),
    ("restartPolicy", Object(&CONTAINER_RESTART_POLICY)),
    ("entryPoint", Texts),
    ("command", Texts),
    ("environment", Objects(&KEY_VALUE_PAIR)),
    ("environmentFiles", Objects(&ENVIRONMENT_FILE)),
    ("mountPoints", Objects(&MOUNT_POINT)),
    ("volumesFrom", Objects(&VOLUME_FROM)),
    ("linuxParameters", Object(&LINUX_PARAMETERS)),
    ("secrets", Objects(&SECRET)),
    ("dependsOn", Objects(&CONTAINER_DEPENDENCY)),
    ("startTimeout", Number),
    ("stopTimeout", Number),
    ("versionConsistency", Text),
    ("hostname", Text),
    ("user", Text),
    ("workingDirectory", Text),
    ("disableNetworking", Flag),
    ("privileged", Flag),
    ("readonlyRootFilesystem", Flag),
    ("dnsServers", Texts),
    ("dnsSearchDomains", Texts),
    ("extraHosts", Objects(&HOST_ENTRY)),
    ("dockerSecurityOptions", Texts),
    ("interactive", Flag),
    ("pseudoTerminal", Flag),
    ("dockerLabels", TextMap),
    ("ulimits", Objects(&ULIMIT)),
    ("logConfiguration", Object(&LOG_CONFIGURATION)),
    ("healthCheck", Object(&HEALTH_CHECK)),
    ("systemControls", Objects(&SYSTEM_CONTROL)),
    ("resourceRequirements", Objects(&RESOURCE_REQUIREMENT)),
    ("firelensConfiguration", Object(&FIRELENS_CONFIGURATION)),
    ("credentialSpecs", Texts),
]);

static FIRELENS_CONFIGURATION: Shape = Shape(&[("type", Text), ("options", TextMap)]);

static RESOURCE_REQUIREMENT: Shape =
    Shape(&[("value", Text), ("type", Text), ("sharingStrategy", Any)]);

static SYSTEM_CONTROL: Shape = Shape(&[("namespace", Text), ("value", Text)]);

static HEALTH_CHECK: Shape = Shape(&[
    ("command", Texts),
    ("interval", Number),
    ("timeout", Number),
    ("retries", Number),
    ("startPeriod", Number),
]);

static LOG_CONFIGURATION: Shape = Shape(&[
    ("logDriver", Text),
    ("options", TextMap),
    ("secretOptions", Objects(&SECRET)),
]);

static ULIMIT: Shape = Shape(&[("name", Text), ("softLimit", Number), ("hardLimit", Number)]);

static HOST_ENTRY: Shape = Shape(&[("hostname", Text), ("ipAddress", Text)]);

static CONTAINER_DEPENDENCY: Shape = Shape(&[("containerName", Text), ("condition", Text)]);

static SECRET: Shape = Shape(&[("name", Text), ("valueFrom", Text)]);

static LINUX_PARAMETERS: Shape = Shape(&[
    ("capabilities", Object(&KERNEL_CAPABILITIES)),
    ("devices", Objects(&DEVICE)),
    ("initProcessEnabled", Flag),
    ("sharedMemorySize", Number),
    ("tmpfs", Objects(&TMPFS)),
    ("maxSwap", Number),
    ("swappiness", Number),
]);

static TMPFS: Shape = Shape(&[
    ("containerPath", Text),
    ("size", Number),
    ("mountOptions", Texts),
]);

static DEVICE: Shape = Shape(&[
    ("hostPath", Text),
    ("containerPath", Text),
    ("permissions", Texts),
]);

static KERNEL_CAPABILITIES: Shape = Shape(&[("add", Texts), ("drop", Texts)]);

static VOLUME_FROM: Shape = Shape(&[("sourceContainer", Text), ("readOnly", Flag)]);

static MOUNT_POINT: Shape = Shape(&[
    ("sourceVolume", Text),
    ("containerPath", Text),
    ("readOnly", Flag),
]);

static ENVIRONMENT_FILE: Shape = Shape(&[("value", Text), ("type", Text)]);

static KEY_VALUE_PAIR: Shape = Shape(&[("name", Text), ("value", Text)]);

static CONTAINER_RESTART_POLICY: Shape = Shape(&[
    ("enabled", Flag),
    ("ignoredExitCodes", Numbers),
    ("restartAttemptPeriod", Number),
]);

static PORT_MAPPING: Shape = Shape(&[
    ("containerPort", Number),
    ("hostPort", Number),
    ("protocol", Text),
    ("name", Text),
    ("appProtocol", Text),
    ("containerPortRange", Text),
]);

static REPOSITORY_CREDENTIALS: Shape = Shape(&[("credentialsParameter", Text)]);
