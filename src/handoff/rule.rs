//! What can be wrong with a task definition that is valid JSON: the rules of `RegisterTaskDefinition`
//! and of Fargate, as messages and what to do about them. Finding it is `check`'s work.

use std::collections::BTreeSet;

use crate::bake::suggest::nearest;
use crate::image::Platform;

use super::problem::listed;

/// The most bytes of a task definition, 64 KiB.
pub(super) const DEFINITION_LIMIT: usize = 64 * 1024;
/// The most characters of an image before its digest.
pub(super) const IMAGE_LIMIT: usize = 255;

/// A rule that a task definition breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TaskdefRule {
    /// No such member.
    #[error("a task definition has no such member; it is handed on as it is")]
    UnknownMember {
        /// Its key.
        name: String,
        /// The members that there are.
        known: Vec<&'static str>,
    },
    /// The member is of another type.
    #[error("must be {expected}")]
    WrongType {
        /// What it has to be.
        expected: &'static str,
    },
    /// Members that describing returns and registering refuses.
    #[error("registering a task definition refuses {}; left out", listed(.members.iter().cloned()))]
    DescribeOnly {
        /// Their keys.
        members: Vec<String>,
    },
    /// Tags, which CodePipeline's action cannot register.
    #[error("CodePipeline's deploy action fails on `tags`; kept aside in tags.json")]
    Tags,
    /// An ARN with an impossible account id.
    #[error("account id `{account}` in {arn} is not 12 digits")]
    AccountId {
        /// The whole ARN.
        arn: String,
        /// What stands for the account id.
        account: String,
    },
    /// An image in ECR with an impossible account id.
    #[error("account id `{account}` in {image} is not 12 digits")]
    RegistryAccount {
        /// The image.
        image: String,
        /// What stands for the account id.
        account: String,
    },
    /// Two containers of one name.
    #[error("there are two containers `{name}`")]
    DuplicateContainer {
        /// The name.
        name: String,
    },
    /// Different ports where they must be equal.
    #[error(
        "host port {host} differs from container port {container}, which {mode} does not allow"
    )]
    HostPort {
        /// `hostPort`.
        host: u64,
        /// `containerPort`.
        container: u64,
        /// The network mode.
        mode: String,
    },
    /// No such size on Fargate.
    #[error("Fargate has no tasks with cpu {cpu} and memory {memory}")]
    FargateSize {
        /// `cpu`, in units of 1/1024 CPU.
        cpu: String,
        /// `memory`, in MiB.
        memory: String,
        /// What there is with this cpu, or which cpus there are.
        possible: String,
    },
    /// Fargate has one network mode.
    #[error(
        "Fargate needs the network mode awsvpc, and {}",
        .mode.as_ref().map_or_else(|| "none is set".to_owned(), |mode| format!("it is `{mode}`"))
    )]
    FargateNetwork {
        /// `networkMode`, if it is set.
        mode: Option<String>,
    },
    /// Fargate needs the task's size.
    #[error("Fargate needs `{member}` of the task")]
    FargateNeeds {
        /// `cpu` or `memory`.
        member: &'static str,
    },
    /// An image that is not of this release and not pinned.
    #[error("{image} can be another image at every start; pin it by digest")]
    Floating {
        /// The image.
        image: String,
    },
    /// An image that ECS refuses for its length.
    #[error("the image has {length} characters before the digest, and ECS takes {IMAGE_LIMIT}")]
    LongImage {
        /// How many it has.
        length: usize,
    },
    /// The digest of an image cannot be one.
    #[error("`{digest}` is not a digest; sha256: and 64 hexadecimal digits are")]
    Digest {
        /// What stands after `@`.
        digest: String,
    },
    /// The image does not run where the task does.
    #[error(
        "target `{target}` was released for {}, and the task runs on {wanted}",
        listed(.platforms.iter().map(ToString::to_string))
    )]
    Platform {
        /// The target.
        target: String,
        /// What its image is for.
        platforms: Vec<Platform>,
        /// What the task definition asks for.
        wanted: Platform,
        /// The task definition says so, rather than leaving it to the default.
        declared: bool,
    },
    /// A placeholder that nothing replaces.
    #[error("nothing replaces <{placeholder}>")]
    LeftPlaceholder {
        /// Its name without brackets.
        placeholder: String,
        /// The names that `images` and `values` have.
        known: BTreeSet<String>,
    },
    /// A placeholder in a member's key.
    #[error("the key `{key}` holds the placeholder <{placeholder}>, and only values are filled in")]
    KeyPlaceholder {
        /// The whole key.
        key: String,
        /// The placeholder's name without brackets.
        placeholder: String,
    },
    /// A number that is not handed on as it was written.
    #[error("the number {written} is handed on as {becomes}")]
    Number {
        /// As it stands in the template.
        written: String,
        /// As it stands in `taskdef.json`.
        becomes: String,
    },
    /// The container's target by name is not the one by placeholder.
    #[error(
        "`containers` says that {container} runs target `{by_name}`, and its placeholder stands for `{by_placeholder}`"
    )]
    Disagreement {
        /// The container.
        container: String,
        /// The target in `containers`.
        by_name: String,
        /// The target in `images`.
        by_placeholder: String,
    },
    /// Both `overrides` and `containers` set an image.
    #[error("`containers` and `overrides` both set the image of {container}")]
    ImageTwice {
        /// The container.
        container: String,
    },
    /// An override removes what is not there.
    #[error("null removes nothing: there is no such member")]
    RemovesNothing,
    /// Two names of one member.
    #[error("`containers` and `containerDefinitions` are the same; give one")]
    ContainersTwice,
    /// An override for a container that does not exist.
    #[error("there is no container `{name}`; a new one needs an `image`")]
    NoContainer {
        /// The name.
        name: String,
        /// The containers that there are.
        known: Vec<String>,
    },
    /// An element of this list cannot be a plain value.
    #[error("must be an object")]
    NeedsObject,
    /// An element's name is what it is found by.
    #[error("cannot be changed here, because the element is found by it; give the list instead")]
    OwnName,
    /// The whole is too long.
    #[error("the task definition has {size} bytes, and ECS takes at most {DEFINITION_LIMIT}")]
    TooLong {
        /// In bytes, without white space.
        size: usize,
    },
}

impl TaskdefRule {
    /// What to do about it, when the message does not say it yet.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownMember { name, known } => nearest_of(name, known.iter().copied())
                .map(|name| format!("did you mean `{name}`?")),
            Self::NoContainer { name, known } => {
                Some(match nearest_of(name, known.iter().map(String::as_str)) {
                    Some(name) => format!("did you mean container `{name}`?"),
                    None => format!("it has {}", listed(known.iter().cloned())),
                })
            }
            Self::LeftPlaceholder { placeholder, known } => Some(
                match nearest_of(placeholder, known.iter().map(String::as_str)) {
                    Some(name) => format!("did you mean <{name}>?"),
                    None => format!(
                        "say what it stands for in `values`; {placeholder} = \"<{placeholder}>\" \
                         keeps it as it is"
                    ),
                },
            ),
            Self::KeyPlaceholder { .. } => {
                Some("give the member in `overrides`, whose keys may be any expression".to_owned())
            }
            Self::Number { .. } => {
                Some("write it as it is handed on, or as a text where ECS takes one".to_owned())
            }
            Self::HostPort { .. } => Some("leave `hostPort` out".to_owned()),
            Self::FargateSize { possible, .. } => Some(possible.clone()),
            Self::Platform {
                platforms,
                wanted,
                declared,
                ..
            } => Some(platform_hint(platforms, wanted, *declared)),
            _ => None,
        }
    }
}

fn platform_hint(platforms: &[Platform], wanted: &Platform, declared: bool) -> String {
    let start = "the container would not start (\"exec format error\")";
    let build = format!("add {wanted} to the target's platforms");
    let arm = platforms
        .iter()
        .any(|platform| platform.architecture() == "arm64");
    if arm && wanted.architecture() == "amd64" {
        let default = if declared {
            ""
        } else {
            ", whose default is \"X86_64\""
        };
        format!("{start}: {build}, or set runtimePlatform.cpuArchitecture to \"ARM64\"{default}")
    } else {
        format!("{start}: {build}, or change runtimePlatform")
    }
}

/// The likely meaning of a slip, whatever its case: `taskRoleARN` is `taskRoleArn`.
pub(super) fn nearest_of<'a>(
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Option<&'a str> {
    let mut same = known.clone();
    same.find(|known| known.eq_ignore_ascii_case(name))
        .or_else(|| nearest(name, known))
}
