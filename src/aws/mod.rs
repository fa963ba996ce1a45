//! The only place that names an `aws-sdk` crate: clients made once, with overridable endpoints.
//! No policy lives here; callers get plain values.

mod batch_jobs;
mod calls;
mod ecr;
mod ecr_host;
mod ecr_images;
mod ecr_removal;
mod ecr_repositories;
mod ecs;
mod ecs_daemon_definitions;
mod ecs_daemons;
mod ecs_definitions;
mod ecs_revisions;
mod ecs_tasks;
mod ecs_usage;
mod error;
mod event_rules;
mod job_definitions;
mod lambda;
mod notification;
mod pages;
mod parameter;
mod parameter_path;
mod pipeline;
mod scan;
mod schedules;
mod secret;
mod session;
mod state_machines;
mod whole_lists;

pub use batch_jobs::{JobUse, ListedJob};
pub use calls::CallCounts;
pub use ecr::{Creation, EcrLogin};
pub use ecr_host::{EcrHost, Partition, parse_ecr_host};
pub use ecr_images::{EcrImage, EcrImageStatus, EcrImages, EcrManifest};
pub use ecr_removal::{EcrDeletion, EcrFailure, EcrFailureCode, EcrImageId};
pub use ecr_repositories::FoundRepository;
pub use ecs::EcsService;
pub use ecs_daemon_definitions::is_daemon_definition;
pub use ecs_daemons::DaemonUse;
pub use ecs_definitions::TaskDefinitionUse;
pub use ecs_revisions::{DeploymentUse, RevisionUse};
pub use ecs_tasks::{ContainerUse, TaskUse};
pub use ecs_usage::{Described, EcsUsage, PartFailure, ServiceUse};
pub use error::{AwsError, AwsErrorKind};
pub use event_rules::{EventRules, RuleTargets};
pub use job_definitions::{JobDefinitionUse, JobDefinitions};
pub use lambda::{FunctionImage, Functions, ImageFunction, LATEST as LATEST_VERSION};
pub use notification::{AttributeValue, BusEvent, TopicMessage};
pub use parameter::{NewParameter, ParameterStore, ParameterVersion, Put, StoredParameter};
pub use pipeline::{
    ActionState, ApprovalAnswer, ApprovalDeclaration, PipelineDeclaration, Pipelines,
    RunningAction, StageState,
};
pub use scan::{EcrFinding, EcrScanPage, EcrScanType};
pub use schedules::{ListedSchedule, ScheduleTarget, Schedules};
pub use session::{AssumedRole, Aws, AwsSettings, StaticCredentials};
pub use state_machines::StateMachines;
