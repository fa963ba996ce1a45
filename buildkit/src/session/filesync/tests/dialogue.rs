//! Conversations that go wrong.

use super::source::Source;
use bollard_buildkit_proto::fsutil::types::Packet;
use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use tokio::sync::mpsc;
use tonic::Status;

use super::*;

#[test]
fn a_missing_root_is_named() {
    let source = Source::new(&[]);
    let missing = source.root().join("nowhere");
    let (sent, received) = transfer(everything(&missing), None, Received::default(), 1);
    assert!(matches!(sent, Err(SendError::Root { root, .. }) if root == missing));
    let told = received.unwrap_err();
    assert!(told.contains("nowhere: No such file"), "{told}");
}

fn request(id: u32) -> Packet {
    Packet {
        r#type: PacketType::PacketReq.into(),
        id,
        ..Packet::default()
    }
}

/// Sends a directory with a file and a subdirectory to a receiver that says `words` after the
/// last STAT and then falls silent. Returns the outcome and the ERR that it was sent.
fn answered_by(words: Vec<Result<Packet, Status>>) -> (SendError, Option<String>) {
    let source = Source::new(&["d/", "f: text"]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (requests, incoming) = mpsc::channel(64);
        let (outgoing, mut packets) = mpsc::channel::<Result<Packet, Status>>(4);
        let receiver = async move {
            let mut words = Some(words);
            let mut told = None;
            while let Some(packet) = packets.recv().await {
                let packet = packet.unwrap();
                match packet.r#type() {
                    PacketType::PacketStat if packet.stat.is_none() => {
                        for word in words.take().unwrap() {
                            requests.send(word).await.unwrap();
                        }
                    }
                    PacketType::PacketErr => told = String::from_utf8(packet.data).ok(),
                    _ => {}
                }
            }
            drop(requests);
            told
        };
        let sender = send(
            everything(source.root()),
            None,
            ReceiverStream::new(incoming),
            outgoing,
        );
        let (sent, told) = tokio::join!(sender, receiver);
        (sent.unwrap_err(), told)
    })
}

#[test]
fn requests_for_what_is_no_file_are_refused() {
    for (id, what) in [(2, "unknown"), (u32::MAX, "unknown"), (0, "a directory")] {
        let (error, told) = answered_by(vec![Ok(request(id))]);
        assert!(
            matches!(error, SendError::UnknownFile { id: named } if named == id),
            "{what}"
        );
        assert!(told.unwrap().contains(&format!("requested file {id}")));
    }
    let (error, _) = answered_by(vec![Ok(request(1)), Ok(request(1))]);
    assert!(matches!(error, SendError::UnknownFile { id: 1 }), "twice");
}

#[test]
fn the_receivers_error_is_reported() {
    let refusal = Packet {
        r#type: PacketType::PacketErr.into(),
        data: b"no space left on device".to_vec(),
        ..Packet::default()
    };
    let (error, told) = answered_by(vec![Ok(request(1)), Ok(refusal)]);
    assert_eq!(
        error.to_string(),
        "the daemon refused the build context: no space left on device"
    );
    assert_eq!(told, None, "an ERR is not answered");
}

#[test]
fn a_reset_is_reported() {
    let (error, told) = answered_by(vec![Err(Status::unavailable("reset"))]);
    let SendError::Stream(status) = error else {
        panic!("{error:?}");
    };
    assert_eq!(status.message(), "reset");
    assert_eq!(told, None);
}

#[test]
fn packets_that_are_not_for_a_sender_are_ignored() {
    let data = Packet {
        r#type: PacketType::PacketData.into(),
        data: b"?".to_vec(),
        ..Packet::default()
    };
    let (error, _) = answered_by(vec![Ok(data), Ok(request(7))]);
    assert!(matches!(error, SendError::UnknownFile { id: 7 }));
}

/// The daemon goes away while a large tree is announced and nobody reads.
#[test]
fn a_receiver_that_goes_away_ends_the_walk() {
    let source = Source::new(&["a", "b", "c", "d", "e", "f"]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let error = runtime.block_on(async {
        let (requests, incoming) = mpsc::channel::<Result<Packet, Status>>(1);
        let (outgoing, mut packets) = mpsc::channel::<Result<Packet, Status>>(1);
        let receiver = async move {
            packets.recv().await.unwrap().unwrap();
            drop(packets);
            // The reason comes after the end of the other direction.
            requests
                .send(Err(Status::cancelled("build cancelled")))
                .await
                .unwrap();
        };
        let sender = send(
            everything(source.root()),
            None,
            ReceiverStream::new(incoming),
            outgoing,
        );
        tokio::join!(sender, receiver).0.unwrap_err()
    });
    assert!(matches!(error, SendError::Stream(status) if status.message() == "build cancelled"));
}

#[test]
fn bad_patterns_are_told_to_the_daemon() {
    let source = Source::new(&["f"]);
    let request = SendRequest {
        exclude: vec!["ok".to_owned(), "docs/[".to_owned()],
        ..everything(source.root())
    };
    let (sent, received) = transfer(request, None, Received::default(), 1);
    assert!(matches!(
        sent,
        Err(SendError::Pattern {
            which: "exclude",
            ..
        })
    ));
    assert_eq!(
        received.unwrap_err(),
        "the exclude patterns of the build context are not usable: \
         bad pattern \"docs/[\": a character class is not closed"
    );
}

#[test]
fn names_that_are_not_utf8_must_be_excluded() {
    use std::os::unix::ffi::OsStrExt;

    let source = Source::new(&["d/f"]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    std::fs::write(source.root().join("d").join(name), "").unwrap();
    let (sent, _) = transfer(everything(source.root()), None, Received::default(), 1);
    let error = sent.unwrap_err();
    assert!(error.to_string().contains("d/caf\u{fffd}.txt"), "{error}");
    let request = SendRequest {
        exclude: vec!["**/*.txt".to_owned()],
        ..everything(source.root())
    };
    let (_, received) = received(request, None, Received::default());
    assert_eq!(received.paths(), ["d", "d/f"]);
}

/// Between its STAT and the request, a file may vanish, grow, shrink or become something else.
#[test]
fn files_are_sent_as_they_are_when_requested() {
    let large = "x".repeat(100_000);
    let grown = "y".repeat(150_000);
    let source = Source::new(&["dir: 1", "gone: 2", "grown: 3", "link: 4", "pipe: 5"]);
    source.add(&format!("shrunk: {large}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let contents = runtime.block_on(async {
        let (requests, incoming) = mpsc::channel(64);
        let (outgoing, mut packets) = mpsc::channel::<Result<Packet, Status>>(64);
        let receiver = async {
            while packets.recv().await.unwrap().unwrap().stat.is_some() {}
            for file in ["dir", "gone", "link", "pipe"] {
                std::fs::remove_file(source.root().join(file)).unwrap();
            }
            source.add("dir/");
            source.add(&format!("grown: {grown}"));
            source.add("link -> grown");
            let (pipe, mode) = (source.root().join("pipe"), rustix::fs::Mode::RUSR);
            let fifo = rustix::fs::FileType::Fifo;
            rustix::fs::mknodat(rustix::fs::CWD, &pipe, fifo, mode, 0).unwrap();
            source.add("shrunk: z");
            for id in 0..6 {
                requests.send(Ok(request(id))).await.unwrap();
            }
            let mut contents = vec![Vec::new(); 6];
            let mut open = 6;
            while open > 0 {
                let mut packet = packets.recv().await.unwrap().unwrap();
                assert_eq!(packet.r#type(), PacketType::PacketData);
                if packet.data.is_empty() {
                    open -= 1;
                }
                contents[packet.id as usize].append(&mut packet.data);
            }
            let fin = Packet {
                r#type: PacketType::PacketFin.into(),
                ..Packet::default()
            };
            requests.send(Ok(fin.clone())).await.unwrap();
            assert_eq!(packets.recv().await.unwrap().unwrap(), fin);
            assert!(packets.recv().await.is_none());
            contents
        };
        let sender = send(
            everything(source.root()),
            None,
            ReceiverStream::new(incoming),
            outgoing,
        );
        let (sent, contents) = tokio::join!(sender, receiver);
        assert_eq!(sent.unwrap().bytes, 150_001);
        contents
    });
    let expected = ["", "", grown.as_str(), "", "", "z"];
    assert!(contents.iter().eq(expected.map(str::as_bytes).iter()));
}
