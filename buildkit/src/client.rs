//! The daemon as a value: connect, and ask it about itself. Solves are in [`crate::solve`].

use bollard_buildkit_proto::moby::buildkit::v1 as control;
use bollard_buildkit_proto::moby::buildkit::v1::control_client::ControlClient;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_prost::ProstCodec;

use crate::daemon::{Info, InfoReply, UsageRecord, Worker};
use crate::{Address, Error, dial, limits};

/// A connection to one BuildKit daemon. Clones share it; any number of calls run at once.
#[derive(Clone, Debug)]
pub struct Client {
    address: Address,
    channel: Channel,
}

impl Client {
    /// Connects. The daemon is not asked anything: [`Client::info`] tells whether it is ready.
    pub async fn connect(address: &Address) -> Result<Self, Error> {
        let channel = dial::connect(address)
            .await
            .map_err(|source| Error::Unreachable {
                address: address.clone(),
                source,
            })?;
        Ok(Self {
            address: address.clone(),
            channel,
        })
    }

    /// Where the daemon listens.
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The daemon's version. All fields are empty when the daemon is too old to say.
    pub async fn info(&self) -> Result<Info, Error> {
        // By hand: the generated message lacks the Dockerfile frontend's version.
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        let path = PathAndQuery::from_static("/moby.buildkit.v1.Control/Info");
        let codec = ProstCodec::<control::InfoRequest, InfoReply>::default();
        let reply = match grpc.ready().await {
            Ok(()) => {
                grpc.unary(Request::new(control::InfoRequest {}), path, codec)
                    .await
            }
            Err(error) => Err(tonic::Status::from_error(error.into())),
        };
        match reply {
            Ok(reply) => Ok(reply.into_inner().into()),
            Err(status) if status.code() == Code::Unimplemented => Ok(Info::default()),
            Err(status) => Err(Error::of_call(&self.address, "Info", status)),
        }
    }

    /// The daemon's workers with the platforms that they can build.
    pub async fn workers(&self) -> Result<Vec<Worker>, Error> {
        let request = control::ListWorkersRequest::default();
        let reply = self.control().list_workers(request).await;
        let reply = reply.map_err(|status| self.call_error("ListWorkers", status))?;
        Ok(reply
            .into_inner()
            .record
            .into_iter()
            .map(Worker::from)
            .collect())
    }

    /// What the daemon's cache holds.
    pub async fn disk_usage(&self) -> Result<Vec<UsageRecord>, Error> {
        let request = control::DiskUsageRequest::default();
        let reply = self.control().disk_usage(request).await;
        let reply = reply.map_err(|status| self.call_error("DiskUsage", status))?;
        Ok(reply
            .into_inner()
            .record
            .into_iter()
            .map(UsageRecord::from)
            .collect())
    }

    /// Deletes what no build is using, `all` including internal and frontend records. Returns the
    /// bytes that were freed.
    pub async fn prune(&self, all: bool) -> Result<u64, Error> {
        let request = control::PruneRequest {
            all,
            ..Default::default()
        };
        let error = |status| self.call_error("Prune", status);
        let mut deleted = self
            .control()
            .prune(request)
            .await
            .map_err(error)?
            .into_inner();
        let mut bytes = 0_u64;
        while let Some(record) = deleted.message().await.map_err(error)? {
            bytes += u64::try_from(record.size).unwrap_or(0);
        }
        Ok(bytes)
    }

    /// The generated client, with the limits of this crate.
    pub(crate) fn control(&self) -> ControlClient<Channel> {
        ControlClient::new(self.channel.clone())
            .max_decoding_message_size(limits::MESSAGE_BYTES)
            .max_encoding_message_size(limits::MESSAGE_BYTES)
    }

    pub(crate) fn call_error(&self, method: &'static str, status: tonic::Status) -> Error {
        Error::of_call(&self.address, method, status)
    }
}
