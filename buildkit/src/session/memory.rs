//! A folder that exists only in memory, sent by fsutil's protocol: an inline Dockerfile, or the
//! empty context of a build without one.

use std::collections::BTreeMap;

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use tokio::sync::mpsc;
use tonic::Status;

/// Bytes of one DATA packet.
const CHUNK: usize = 32 << 10;
/// Go's `os.FileMode` of a readable file; the low nine bits are the usual ones.
const MODE: u32 = 0o644;

/// Sends the files that are asked for and answers requests until the receiver is done. The receiver
/// names exact files (`followpaths`); an empty list means all.
pub(super) async fn send<S>(
    files: &BTreeMap<String, Bytes>,
    follow: &[String],
    mut incoming: S,
    outgoing: &mpsc::Sender<Result<Packet, Status>>,
) -> Result<(), Status>
where
    S: Stream<Item = Result<Packet, Status>> + Unpin,
{
    let wanted = |name: &String| follow.is_empty() || follow.contains(name);
    let sent: Vec<_> = files.iter().filter(|(name, _)| wanted(name)).collect();
    for (name, data) in &sent {
        let stat = Stat {
            path: (*name).clone(),
            mode: MODE,
            size: i64::try_from(data.len()).unwrap_or(i64::MAX),
            ..Default::default()
        };
        put(outgoing, PacketType::PacketStat, |packet| {
            packet.stat = Some(stat);
        })
        .await?;
    }
    put(outgoing, PacketType::PacketStat, |_| {}).await?;
    while let Some(packet) = incoming.next().await {
        let packet = packet?;
        match packet.r#type() {
            PacketType::PacketReq => {
                let index = usize::try_from(packet.id).unwrap_or(usize::MAX);
                let (_, data) = sent
                    .get(index)
                    .ok_or_else(|| Status::invalid_argument(format!("no file {index}")))?;
                for chunk in data.chunks(CHUNK) {
                    put(outgoing, PacketType::PacketData, |reply| {
                        reply.id = packet.id;
                        reply.data = chunk.to_vec();
                    })
                    .await?;
                }
                put(outgoing, PacketType::PacketData, |reply| {
                    reply.id = packet.id;
                })
                .await?;
            }
            PacketType::PacketFin => return put(outgoing, PacketType::PacketFin, |_| {}).await,
            PacketType::PacketErr => {
                return Err(Status::unknown(String::from_utf8_lossy(&packet.data)));
            }
            PacketType::PacketStat | PacketType::PacketData => {
                return Err(Status::invalid_argument("a receiver sends no files"));
            }
        }
    }
    Err(Status::cancelled("the receiver went away"))
}

async fn put(
    outgoing: &mpsc::Sender<Result<Packet, Status>>,
    kind: PacketType,
    fill: impl FnOnce(&mut Packet),
) -> Result<(), Status> {
    let mut packet = Packet {
        r#type: kind.into(),
        ..Default::default()
    };
    fill(&mut packet);
    outgoing
        .send(Ok(packet))
        .await
        .map_err(|_| Status::cancelled("the receiver went away"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receiver_says(kind: PacketType, id: u32) -> Packet {
        Packet {
            r#type: kind.into(),
            id,
            ..Default::default()
        }
    }

    async fn dialogue(follow: &[&str], says: Vec<Packet>) -> (Result<(), Status>, Vec<Packet>) {
        let files = BTreeMap::from([
            ("Dockerfile".to_owned(), Bytes::from(vec![b'x'; CHUNK + 1])),
            ("other".to_owned(), Bytes::new()),
        ]);
        let follow: Vec<_> = follow.iter().map(ToString::to_string).collect();
        let (outgoing, mut packets) = mpsc::channel(64);
        let result = send(
            &files,
            &follow,
            futures::stream::iter(says.into_iter().map(Ok)),
            &outgoing,
        )
        .await;
        drop(outgoing);
        let mut sent = Vec::new();
        while let Some(packet) = packets.recv().await {
            sent.push(packet.unwrap());
        }
        (result, sent)
    }

    #[tokio::test]
    async fn sends_what_is_followed_then_its_data_in_chunks() {
        let says = vec![
            receiver_says(PacketType::PacketReq, 0),
            receiver_says(PacketType::PacketFin, 0),
        ];
        let (result, sent) = dialogue(&["Dockerfile", "dockerfile"], says).await;
        result.unwrap();
        let kinds: Vec<_> = sent.iter().map(|p| (p.r#type, p.data.len())).collect();
        assert_eq!(kinds, [(0, 0), (0, 0), (2, CHUNK), (2, 1), (2, 0), (3, 0)]);
        assert_eq!(sent[0].stat.as_ref().unwrap().path, "Dockerfile");
        assert_eq!(sent[1].stat, None);
    }

    #[tokio::test]
    async fn refuses_files_that_were_not_announced_and_a_receiver_that_leaves() {
        let (result, _) = dialogue(&["x"], vec![receiver_says(PacketType::PacketReq, 0)]).await;
        assert_eq!(result.unwrap_err().code(), tonic::Code::InvalidArgument);
        let (result, sent) = dialogue(&[], vec![]).await;
        assert_eq!(result.unwrap_err().code(), tonic::Code::Cancelled);
        assert_eq!(sent.len(), 3);
    }
}
