//! `grpc.health.v1.Health`: the daemon asks every five seconds and ends a session that does not
//! answer twice. Answering needs the runtime alone, so nothing in a session may block it.

use bollard_buildkit_proto::health;
use bollard_buildkit_proto::health::health_check_response::ServingStatus;
use futures::stream::Empty;
use tonic::{Request, Response, Status};

#[derive(Debug)]
pub(super) struct Health;

#[tonic::async_trait]
impl health::health_server::Health for Health {
    type WatchStream = Empty<Result<health::HealthCheckResponse, Status>>;

    async fn check(
        &self,
        _: Request<health::HealthCheckRequest>,
    ) -> Result<Response<health::HealthCheckResponse>, Status> {
        let status = ServingStatus::Serving.into();
        Ok(Response::new(health::HealthCheckResponse { status }))
    }

    async fn list(
        &self,
        _: Request<health::HealthListRequest>,
    ) -> Result<Response<health::HealthListResponse>, Status> {
        Err(Status::unimplemented("only Check is served"))
    }

    async fn watch(
        &self,
        _: Request<health::HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        Err(Status::unimplemented("only Check is served"))
    }
}
