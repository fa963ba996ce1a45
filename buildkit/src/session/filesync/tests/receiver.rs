//! The daemon's side: checks what it is told, requests what it lacks, keeps what it gets.

use std::collections::{BTreeMap, HashMap};

use bollard_buildkit_proto::fsutil::types::packet::PacketType;
use bollard_buildkit_proto::fsutil::types::{Packet, Stat};
use tokio::sync::mpsc;
use tonic::Status;

/// What the daemon has of a directory.
#[derive(Debug, Clone, Default)]
pub(super) struct Received {
    pub(super) entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) stat: Stat,
    /// Of regular files that are no hard links.
    pub(super) content: Vec<u8>,
}

impl Received {
    pub(super) fn paths(&self) -> Vec<&str> {
        self.entries.keys().map(String::as_str).collect()
    }

    pub(super) fn content(&self, path: &str) -> &str {
        std::str::from_utf8(&self.entries[path].content).unwrap()
    }
}

/// One transfer.
pub(super) struct Receiver {
    before: Received,
    now: Received,
    random: u64,
    order: Order,
    /// Paths by id.
    announced: Vec<String>,
    /// Ids to request.
    wanted: Vec<u32>,
    /// Ids requested whose end was not seen.
    open: HashMap<u32, Vec<u8>>,
}

impl Receiver {
    pub(super) fn new(before: Received, seed: u64) -> Self {
        Self {
            before,
            now: Received::default(),
            random: seed | 1,
            order: Order::default(),
            announced: Vec::new(),
            wanted: Vec::new(),
            open: HashMap::new(),
        }
    }

    pub(super) async fn run(
        mut self,
        mut packets: mpsc::Receiver<Result<Packet, Status>>,
        requests: mpsc::Sender<Result<Packet, Status>>,
    ) -> Result<Received, String> {
        let mut ended = false;
        let mut finished = false;
        while let Some(packet) = packets.recv().await {
            let packet = packet.map_err(|status| status.to_string())?;
            match packet.r#type() {
                PacketType::PacketStat => match packet.stat {
                    _ if ended => return Err("a STAT after the end".to_owned()),
                    Some(stat) => self.announce(stat)?,
                    None => ended = true,
                },
                PacketType::PacketData => self.data(packet.id, packet.data)?,
                PacketType::PacketFin if finished => {
                    return match packets.recv().await {
                        None => Ok(self.now),
                        Some(more) => Err(format!("{more:?} after FIN")),
                    };
                }
                PacketType::PacketErr => {
                    return Err(String::from_utf8(packet.data).unwrap());
                }
                other => return Err(format!("unexpected {other:?}")),
            }
            while !self.wanted.is_empty() && (ended || self.roll(3) == 0) {
                let index = self.roll(self.wanted.len());
                let id = self.wanted.swap_remove(index);
                self.open.insert(id, Vec::new());
                let request = Packet {
                    r#type: PacketType::PacketReq.into(),
                    id,
                    ..Packet::default()
                };
                requests.send(Ok(request)).await.unwrap();
            }
            if ended && self.open.is_empty() && !finished {
                finished = true;
                let fin = Packet {
                    r#type: PacketType::PacketFin.into(),
                    ..Packet::default()
                };
                requests.send(Ok(fin)).await.unwrap();
            }
        }
        Err("the stream ended before FIN".to_owned())
    }

    fn announce(&mut self, stat: Stat) -> Result<(), String> {
        self.order.check(&stat)?;
        let path = stat.path.clone();
        let id = u32::try_from(self.announced.len()).unwrap();
        self.announced.push(path.clone());
        let regular = stat.mode & GO_MODE_TYPE == 0;
        if regular && !stat.linkname.is_empty() {
            let source = self.now.entries.get(&stat.linkname);
            if source.is_none_or(|source| {
                source.stat.mode & GO_MODE_TYPE != 0 || !source.stat.linkname.is_empty()
            }) {
                return Err(format!("{path} links to unknown {}", stat.linkname));
            }
        }
        let content = match self.before.entries.get(&path) {
            Some(old) if same_metadata(&old.stat, &stat) => old.content.clone(),
            _ => {
                if regular && stat.linkname.is_empty() {
                    self.wanted.push(id);
                }
                Vec::new()
            }
        };
        self.now.entries.insert(path, Entry { stat, content });
        Ok(())
    }

    fn data(&mut self, id: u32, mut data: Vec<u8>) -> Result<(), String> {
        let content = self
            .open
            .get_mut(&id)
            .ok_or_else(|| format!("DATA for {id}, which is not requested"))?;
        if data.is_empty() {
            let path = &self.announced[id as usize];
            self.now.entries.get_mut(path).unwrap().content = self.open.remove(&id).unwrap();
        } else {
            content.append(&mut data);
        }
        Ok(())
    }

    /// xorshift64
    fn roll(&mut self, below: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        usize::try_from(self.random % below as u64).unwrap()
    }
}

/// Go's `os.ModeType`.
const GO_MODE_TYPE: u32 =
    (1 << 31) | (1 << 27) | (1 << 26) | (1 << 25) | (1 << 24) | (1 << 21) | (1 << 19);

/// The daemon's comparison: no content, no attributes, and for directories no times.
fn same_metadata(old: &Stat, new: &Stat) -> bool {
    let directory = new.mode & (1 << 31) != 0;
    let key = |stat: &Stat| {
        (
            (stat.mode, stat.uid, stat.gid),
            (stat.devmajor, stat.devminor, stat.linkname.clone()),
            (!directory).then_some((stat.size, stat.mod_time)),
        )
    };
    key(old) == key(new)
}

/// The order that fsutil's validator demands.
#[derive(Default)]
struct Order {
    /// The open directories from the root, each with the last name seen in it.
    open: Vec<(String, String)>,
}

impl Order {
    fn check(&mut self, stat: &Stat) -> Result<(), String> {
        let path = &stat.path;
        let bad = |what: &str| Err(format!("{what}: {path:?}"));
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return bad("unclean path");
        }
        if self.open.is_empty() {
            self.open.push((String::new(), String::new()));
        }
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        while self.open.last().is_some_and(|(open, _)| open != directory) {
            self.open.pop();
        }
        let Some((_, last)) = self.open.last_mut() else {
            return bad("no directory was announced for");
        };
        if last.as_bytes() >= name.as_bytes() {
            return bad("out of order");
        }
        name.clone_into(last);
        if stat.mode & (1 << 31) != 0 {
            self.open.push((path.clone(), String::new()));
        }
        Ok(())
    }
}
