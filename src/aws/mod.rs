//! The only place that names an `aws-sdk` crate: clients made once, with overridable endpoints.
//! No policy lives here; callers get plain values.

mod calls;
mod ecr;
mod ecr_host;
mod ecr_images;
mod ecr_removal;
mod ecr_repositories;
mod ecs;
mod error;
mod notification;
mod parameter;
mod pipeline;
mod scan;
mod secret;
mod session;

pub use calls::CallCounts;
pub use ecr::{Creation, EcrLogin};
pub use ecr_host::{EcrHost, Partition, parse_ecr_host};
pub use ecr_images::{EcrImage, EcrImageStatus, EcrImages, EcrManifest};
pub use ecr_removal::{EcrDeletion, EcrFailure, EcrFailureCode, EcrImageId};
pub use ecr_repositories::FoundRepository;
pub use ecs::EcsService;
pub use error::{AwsError, AwsErrorKind};
pub use notification::{AttributeValue, BusEvent, TopicMessage};
pub use parameter::{NewParameter, ParameterStore, ParameterVersion, Put, StoredParameter};
pub use pipeline::{
    ActionState, ApprovalAnswer, ApprovalDeclaration, PipelineDeclaration, Pipelines,
    RunningAction, StageState,
};
pub use scan::{EcrFinding, EcrScanPage, EcrScanType};
pub use session::{AssumedRole, Aws, AwsSettings, StaticCredentials};
