//! The reader itself: cuts the stream into headers, payloads of meta members and skipped data, and
//! decides where the archive ends. What headers mean is for the modules beside it.

use std::mem;

use super::header::{BLOCK, Block, Header, string};
use super::pax::Records;
use super::{Contents, MAX_HEADERS, Member, readable, tree};
use crate::Unindexable;
use crate::ztoc::{MAX_SIZE, member_bound, shown};

/// Bytes of an extended header or long name that Go reads, and so we do.
const MAX_PAYLOAD: u64 = 1 << 20;

/// Reads an archive that arrives in pieces. Memory: what the members take, about 350 bytes each, up
/// to those of a zTOC of [`MAX_SIZE`]; and the records of one extended header, of at most 1 MiB.
#[derive(Debug)]
pub struct TarReader {
    step: Step,
    /// Bytes of the archive that were taken; stays where it is when the archive has ended.
    position: u64,
    /// Where the headers of the next member begin.
    headers: u64,
    block: Block,
    /// Bytes of `block` that are there.
    filled: usize,
    /// Bytes left of a payload, of data or of padding.
    left: u64,
    /// Bytes of padding that follow the payload or data.
    padding: u64,
    payload: Vec<u8>,
    meta: Meta,
    members: Vec<Member>,
    /// Bytes that the zTOC needs for them, at the most.
    ztoc_bound: u64,
    /// What that must not exceed: members compress well, so a small layer could hold any number.
    limit: u64,
    problem: Option<Unindexable>,
}

/// What comes next in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Header,
    /// The block after one of zeros.
    AfterZeros,
    Payload(MetaKind),
    Data,
    Padding,
    /// Two blocks of zeros were seen.
    Ended,
}

/// A member that only says something about the next one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MetaKind {
    Pax,
    LongName,
    LongLink,
}

/// What meta members said about the member to come.
#[derive(Debug, Default)]
struct Meta {
    /// Whether there was any.
    given: bool,
    records: Records,
    long_name: Box<[u8]>,
    long_link: Box<[u8]>,
}

impl Default for TarReader {
    fn default() -> Self {
        Self {
            step: Step::Header,
            position: 0,
            headers: 0,
            block: [0; BLOCK],
            filled: 0,
            left: 0,
            padding: 0,
            payload: Vec::new(),
            meta: Meta::default(),
            members: Vec::new(),
            ztoc_bound: 0,
            limit: MAX_SIZE,
            problem: None,
        }
    }
}

impl TarReader {
    /// Takes the next bytes. A problem is remembered, and what follows it is ignored, as is what
    /// follows the end of the archive.
    pub fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.problem.is_none() && self.step != Step::Ended {
            let taken = match self.step {
                Step::Header | Step::AfterZeros => self.take_block(bytes),
                _ => self.take_section(bytes),
            };
            bytes = &bytes[taken..];
        }
    }

    /// Bytes that a zTOC needs for the members so far, at the most.
    pub(crate) fn ztoc_bound(&self) -> u64 {
        self.ztoc_bound
    }

    /// The members, once everything was written.
    ///
    /// # Errors
    /// The first problem of the stream; or else what a snapshotter could not serve of the tree that
    /// the members make.
    pub fn finish(self) -> Result<Contents, Unindexable> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        // Go takes an archive for complete that ends in the padding of its last member.
        let complete = match self.step {
            Step::Ended | Step::Padding => true,
            Step::Header | Step::AfterZeros => self.filled == 0,
            Step::Payload(_) | Step::Data => false,
        };
        if !complete {
            return Err(Unindexable::TruncatedArchive {
                offset: self.position,
            });
        }
        // Go does not mind, but what is missing may be a member.
        if self.meta.given {
            return Err(damaged(
                self.position,
                "it ends behind an extended header, without the member that it is for",
            ));
        }
        tree::check(&self.members)
            .map_err(|(index, problem)| refusal(&self.members[index].name, problem))?;
        Ok(Contents {
            members: self.members,
            end: self.position,
        })
    }

    fn take_block(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(BLOCK - self.filled);
        self.block[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
        self.filled += taken;
        self.position += taken as u64;
        if self.filled == BLOCK {
            self.filled = 0;
            let result = self.on_block();
            self.note(result);
        }
        taken
    }

    fn take_section(&mut self, bytes: &[u8]) -> usize {
        let taken = usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
        if matches!(self.step, Step::Payload(_)) {
            self.payload.extend_from_slice(&bytes[..taken]);
        }
        self.position += taken as u64;
        self.left -= taken as u64;
        if self.left == 0 {
            let result = self.on_section_end();
            self.note(result);
        }
        taken
    }

    /// Keeps a problem. The members are of no use any more.
    fn note(&mut self, result: Result<(), Unindexable>) {
        if let Err(problem) = result {
            self.problem = Some(problem);
            self.members = Vec::new();
        }
    }

    fn on_block(&mut self) -> Result<(), Unindexable> {
        let zeros = self.block.iter().all(|byte| *byte == 0);
        match (self.step, zeros) {
            (Step::AfterZeros, true) => self.step = Step::Ended,
            (Step::AfterZeros, false) => {
                return Err(self.damaged_header("a block of zeros is followed by other data"));
            }
            (_, true) => self.step = Step::AfterZeros,
            (_, false) => {
                let header =
                    Header::parse(&self.block).map_err(|what| self.damaged_header(what))?;
                self.on_header(header)?;
            }
        }
        Ok(())
    }

    fn on_header(&mut self, header: Header) -> Result<(), Unindexable> {
        if self.position - self.headers > MAX_HEADERS {
            return Err(self.damaged_header("the headers of one member take more than 4 MiB"));
        }
        let size = self.data_size(&header)?;
        let kind = match header.typeflag {
            b'x' => MetaKind::Pax,
            b'L' => MetaKind::LongName,
            b'K' => MetaKind::LongLink,
            b'g' => {
                let problem = "is a global PAX header, which zTOCs cannot describe";
                return Err(refusal(&header.name, problem));
            }
            _ => return self.on_member(header),
        };
        if size > MAX_PAYLOAD {
            return Err(self.damaged_header("an extended header is longer than 1 MiB"));
        }
        self.enter(Step::Payload(kind), size)
    }

    fn on_member(&mut self, mut header: Header) -> Result<(), Unindexable> {
        let meta = mem::take(&mut self.meta);
        meta.records
            .apply(&mut header)
            .map_err(|what| self.damaged_header(what))?;
        if !meta.long_name.is_empty() {
            header.name = meta.long_name;
        }
        if !meta.long_link.is_empty() {
            header.linkname = meta.long_link;
        }
        // Before USTAR, directories were known by the slash alone.
        if header.typeflag == 0 {
            header.typeflag = if header.name.ends_with(b"/") {
                b'5'
            } else {
                b'0'
            };
        }
        let size = self.data_size(&header)?;
        let member = readable::member(header, meta.records, self.position, size)?;
        self.ztoc_bound += member_bound(&member) as u64;
        if self.ztoc_bound > self.limit {
            return Err(Unindexable::TooLarge {
                problem: format!("its members alone take more than {} bytes", self.limit),
            });
        }
        self.members.push(member);
        self.enter(Step::Data, size)?;
        // What lies beyond cannot be reached anyway.
        self.headers = self
            .position
            .saturating_add(self.left)
            .saturating_add(self.padding);
        Ok(())
    }

    /// Bytes of data that follow a header: none for what has no data, whatever its size says.
    fn data_size(&self, header: &Header) -> Result<u64, Unindexable> {
        if matches!(header.typeflag, b'1'..=b'6') {
            return Ok(0);
        }
        u64::try_from(header.size).map_err(|_| self.damaged_header("a size is negative"))
    }

    fn enter(&mut self, step: Step, size: u64) -> Result<(), Unindexable> {
        self.step = step;
        self.left = size;
        self.padding = size.wrapping_neg() % BLOCK as u64;
        if size == 0 {
            self.on_section_end()?;
        }
        Ok(())
    }

    fn on_section_end(&mut self) -> Result<(), Unindexable> {
        if let Step::Payload(kind) = self.step {
            self.meta.given = true;
            match kind {
                MetaKind::Pax => {
                    let start = self.position - self.payload.len() as u64;
                    self.meta.records =
                        Records::parse(&self.payload).map_err(|what| damaged(start, what))?;
                }
                MetaKind::LongName => self.meta.long_name = string(&self.payload).into(),
                MetaKind::LongLink => self.meta.long_link = string(&self.payload).into(),
            }
            self.payload.clear();
        }
        self.left = mem::take(&mut self.padding);
        self.step = if self.left == 0 {
            Step::Header
        } else {
            Step::Padding
        };
        Ok(())
    }

    /// A problem of the block that was just taken.
    fn damaged_header(&self, problem: &str) -> Unindexable {
        damaged(self.position - BLOCK as u64, problem)
    }
}

fn damaged(offset: u64, problem: &str) -> Unindexable {
    Unindexable::Tar {
        offset,
        problem: problem.to_owned(),
    }
}

/// Reads the headers of one member as a snapshotter does: cut out of the archive, and without its
/// data. There must be nothing else. The member's offset is the length of the headers.
pub(crate) fn read_headers(headers: &[u8]) -> Result<Member, Unindexable> {
    let mut reader = TarReader::default();
    reader.write(headers);
    if let Some(problem) = reader.problem {
        return Err(problem);
    }
    let end = headers.len() as u64;
    match (reader.members.pop(), reader.members.len()) {
        (Some(member), 0) if member.offset == end => Ok(member),
        (Some(member), 0) => Err(Unindexable::Tar {
            offset: member.offset,
            problem: "the headers of a member are followed by something else".to_owned(),
        }),
        (Some(_), _) => Err(Unindexable::Tar {
            offset: end,
            problem: "there are the headers of several members".to_owned(),
        }),
        (None, _) => Err(Unindexable::TruncatedArchive { offset: end }),
    }
}

/// Refuses the layer for one of its members.
pub(super) fn refusal(name: &[u8], problem: impl Into<String>) -> Unindexable {
    Unindexable::Member {
        name: shown(name),
        problem: problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header with a right checksum.
    fn header(name: &str, typeflag: u8, size: usize) -> Vec<u8> {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..136].copy_from_slice(format!("{size:011o}\0").as_bytes());
        block[156] = typeflag;
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    fn read(archive: &[u8], limit: u64) -> Result<Contents, Unindexable> {
        let mut reader = TarReader {
            limit,
            ..TarReader::default()
        };
        reader.write(archive);
        reader.finish()
    }

    #[test]
    fn members_are_refused_when_their_ztoc_is_too_large() {
        let archive = [header("one", b'0', 0), header("three", b'0', 0)].concat();
        // 112 bytes each, 8 for each string and its length: name, `reg`, time, and three empty ones.
        let needed = 2 * (112 + 6 * 8 + 3 + 20) + 3 + 5;
        assert_eq!(read(&archive, needed).unwrap().members.len(), 2);
        assert_eq!(
            read(&archive, needed - 1).unwrap_err().to_string(),
            "its zTOC would be too large: its members alone take more than 373 bytes"
        );
    }

    #[test]
    fn an_extended_header_may_have_a_mebibyte() {
        let value = "v".repeat((1 << 20) - "1048576 k=\n".len());
        let record = format!("1048576 k={value}\n");
        let archive = [
            header("x", b'x', 1 << 20),
            record.into(),
            header("a", b'0', 0),
        ]
        .concat();
        let contents = read(&archive, MAX_SIZE).unwrap();
        let pax = &contents.members[0].pax;
        assert_eq!((&*pax[0].0, pax[0].1.len()), (&b"k"[..], value.len()));
        assert_eq!(contents.members[0].offset, archive.len() as u64);
    }

    #[test]
    fn the_headers_of_a_member_are_no_longer_than_the_verifier_takes() {
        let long_name = |length: usize| {
            let mut payload = vec![0; length];
            payload[0] = b'n';
            [header("L", b'L', length), payload].concat()
        };
        let mebibyte = long_name((1 << 20) - BLOCK);
        let before = [header("a", b'0', 100), vec![b'x'; BLOCK]].concat();
        for (last, bytes) in [
            ((1 << 20) - 2 * BLOCK, 4 << 20),
            ((1 << 20) - BLOCK, (4 << 20) + 512),
        ] {
            let headers = [mebibyte.repeat(3), long_name(last), header("b", b'0', 0)].concat();
            assert_eq!(headers.len(), bytes);
            let read = read(&[&before[..], &headers].concat(), MAX_SIZE);
            if headers.len() as u64 <= MAX_HEADERS {
                assert_eq!(&*read.unwrap().members[1].name, b"n");
            } else {
                let problem = "the headers of one member take more than 4 MiB";
                assert_eq!(
                    read,
                    Err(damaged((before.len() + bytes - BLOCK) as u64, problem))
                );
            }
        }
    }
}
