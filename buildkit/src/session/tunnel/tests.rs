//! The services as the daemon sees them: by an HTTP/2 client at the other end of the pipe.

use std::collections::BTreeMap;
use std::io;
use std::sync::Mutex;

use bollard_buildkit_proto::fsutil::types::Packet;
use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::health::HealthCheckRequest;
use bollard_buildkit_proto::health::health_client::HealthClient;
use bollard_buildkit_proto::moby::filesync::v1::auth_client::AuthClient;
use bollard_buildkit_proto::moby::filesync::v1::file_sync_client::FileSyncClient;
use bollard_buildkit_proto::moby::filesync::v1::{CredentialsRequest, GetTokenAuthorityRequest};
use futures::future::BoxFuture;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;
use tonic::Code;
use tonic::transport::{Channel, Endpoint};

use super::*;
use crate::session::roots::Root;
use crate::{Credential, CredentialError, CredentialSource, Secret, SessionConfig};

impl Connected for Ours {
    type ConnectInfo = ();

    fn connect_info(&self) {}
}

/// Our end of the pipe.
struct Ours(DuplexStream);

impl AsyncRead for Ours {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Ours {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Knows one host, fails for another, and is anonymous elsewhere.
#[derive(Debug)]
struct Logins;

impl CredentialSource for Logins {
    fn credential<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Option<Credential>, CredentialError>> {
        Box::pin(async move {
            match host {
                "known" => Ok(Some(Credential {
                    username: "me".into(),
                    secret: Secret::new("pw"),
                })),
                "broken" => Err(CredentialError {
                    host: host.to_owned(),
                    source: "no helper at https://h/x?token=1".into(),
                }),
                _ => Ok(None),
            }
        })
    }
}

struct Daemon {
    channel: Channel,
    shared: Arc<Shared>,
    closed: CancellationToken,
    server: JoinHandle<()>,
}

async fn daemon(context: Option<Root>) -> Daemon {
    let shared = Arc::new(Shared::new(SessionConfig {
        shared_key: "key".into(),
        credentials: Arc::new(Logins),
        blobs: None,
        sync_records: None,
        engine_id: String::new(),
        hidden: Vec::new(),
    }));
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    let closed = CancellationToken::new();
    let identity = Identity {
        id: "id".into(),
        shared_key: "key".into(),
        context,
    };
    let server = tokio::spawn(serve(
        Ours(ours),
        Arc::clone(&shared),
        identity,
        closed.clone(),
    ));
    let theirs = Mutex::new(Some(TokioIo::new(theirs)));
    let connector = tower::service_fn(move |_: tonic::codegen::http::Uri| {
        let pipe = theirs.lock().unwrap().take();
        async { pipe.ok_or_else(|| io::Error::other("there is one connection")) }
    });
    let endpoint = Endpoint::from_static("http://localhost");
    let endpoint = endpoint.http2_max_header_list_size(limits::HEADER_LIST_BYTES);
    let channel = endpoint.connect_with_connector(connector).await.unwrap();
    Daemon {
        channel,
        shared,
        closed,
        server,
    }
}

#[tokio::test]
async fn answers_health_checks_and_nothing_else_of_health() {
    let daemon = daemon(None).await;
    let mut health = HealthClient::new(daemon.channel);
    let reply = health.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(reply.into_inner().status, 1);
    let status = health
        .watch(HealthCheckRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn gives_logins_and_remembers_why_there_are_none() {
    let daemon = daemon(None).await;
    let mut auth = AuthClient::new(daemon.channel);
    let mut ask = async |host: &str| {
        auth.credentials(CredentialsRequest { host: host.into() })
            .await
            .map(tonic::Response::into_inner)
    };
    let login = ask("known").await.unwrap();
    assert_eq!(
        (login.username.as_str(), login.secret.as_str()),
        ("me", "pw")
    );
    assert_eq!(ask("other").await.unwrap().username, "");
    let status = ask("broken").await.unwrap_err();
    assert_eq!(
        status.message(),
        "looking up the login failed for broken: no helper at https://h/x?<redacted>"
    );
    let quoted = format!("failed to authorize: rpc error: {}", status.message());
    let error = daemon.shared.credential_failure(&quoted).unwrap();
    assert!(matches!(error, Error::Credentials { host, .. } if host == "broken"));
    assert!(
        daemon
            .shared
            .credential_failure("failed for brokenhost")
            .is_none()
    );

    // The daemon then fetches tokens itself.
    let status = auth
        .get_token_authority(GetTokenAuthorityRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

#[tokio::test]
async fn only_the_first_tunnel_gives_logins() {
    let daemon = daemon(Some(Root::Files(Arc::default()))).await;
    let mut auth = AuthClient::new(daemon.channel);
    let status = auth
        .credentials(CredentialsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}

/// Asks for a folder and takes the first packet.
async fn first_packet(channel: Channel, dir_name: &str) -> Result<Option<Packet>, Status> {
    let says = vec![Packet {
        r#type: PacketType::PacketFin.into(),
        ..Default::default()
    }];
    let mut request = Request::new(stream::iter(says));
    request
        .metadata_mut()
        .insert("dir-name", dir_name.parse().unwrap());
    // As large as a long ignore file; more than HTTP/2 takes by default.
    for _ in 0..1500 {
        let pattern = AsciiMetadataValue::from_static("some/folder/with/a/long/name/*");
        request.metadata_mut().append("exclude-patterns", pattern);
    }
    FileSyncClient::new(channel)
        .diff_copy(request)
        .await?
        .into_inner()
        .message()
        .await
}

#[tokio::test]
async fn serves_the_folders_that_it_knows() {
    let files: BTreeMap<_, _> = [("Dockerfile".to_owned(), Bytes::from("FROM a"))].into();
    let daemon = daemon(Some(Root::Files(Arc::new(files.clone())))).await;
    let name = daemon.shared.add_files(files);
    for known in ["context".to_owned(), format!("{name}-dockerfile")] {
        let packet = first_packet(daemon.channel.clone(), &known)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(packet.stat.unwrap().path, "Dockerfile", "{known}");
    }
    for unknown in ["dockerfile", "0123456789abcdef-context", "", "../context"] {
        let status = first_packet(daemon.channel.clone(), unknown)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::NotFound, "{unknown}");
    }
}

#[tokio::test]
async fn the_first_tunnel_has_no_context() {
    let daemon = daemon(None).await;
    let status = first_packet(daemon.channel, "context").await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
}

#[tokio::test]
async fn closing_ends_the_server() {
    let daemon = daemon(None).await;
    let mut health = HealthClient::new(daemon.channel);
    health.check(HealthCheckRequest::default()).await.unwrap();
    daemon.closed.cancel();
    daemon.server.await.unwrap();
    assert!(health.check(HealthCheckRequest::default()).await.is_err());
}

#[tokio::test]
async fn the_pipe_carries_large_messages_and_many_small_ones() {
    let (reader, mut writer) = tokio::io::simplex(limits::TUNNEL_BUFFER_BYTES);
    let sent: Vec<u8> = (0..3_000_000_u32).map(|i| i.to_le_bytes()[0]).collect();
    let copy = sent.clone();
    tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        for (i, chunk) in copy.chunks(50_000).enumerate() {
            for piece in chunk.chunks(if i % 2 == 0 { 9 } else { 50_000 }) {
                writer.write_all(piece).await.unwrap();
            }
        }
        writer.shutdown().await.unwrap();
    });
    let messages: Vec<_> = messages(reader).collect().await;
    assert!(messages.iter().all(|m| !m.data.is_empty()));
    assert!(
        messages.len() < sent.len() / 1000,
        "{} messages",
        messages.len()
    );
    let received: Vec<u8> = messages
        .into_iter()
        .flat_map(|message| message.data)
        .collect();
    assert!(received == sent);
}
