//! The tar archive of a layer, cut up as its zTOC says.
//!
//! A zTOC names where the data of each member begins. Its headers are what lies between the data of
//! the member before, padded to a block, and there; they are parsed on their own, as a snapshotter
//! does at the first read, and must say what the zTOC says. What follows the last member must be
//! the end of the archive, so that no member is left out. Contents are not looked at.

use std::mem;

use sha2::{Digest as _, Sha256};

use super::difference::difference;
use crate::tar::{MAX_HEADERS, Member, read_headers};
use crate::ztoc::shown;
use crate::{Digest, Unindexable};

/// The unit of tar archives.
const BLOCK: u64 = 512;
/// Two blocks of zeros end an archive.
const END: u64 = 2 * BLOCK;

/// An archive that arrives in pieces.
#[derive(Debug)]
pub(super) struct Archive {
    members: Vec<Member>,
    /// Where the zTOC says that the archive ends.
    claimed_end: u64,
    /// The member that comes next or that is being read.
    index: usize,
    part: Part,
    /// Bytes left of this part.
    left: u64,
    headers: Vec<u8>,
    /// Bytes so far, and their digest.
    position: u64,
    diff_id: Sha256,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Headers,
    Data,
    Padding,
    /// Blocks of zeros behind the last member.
    End,
    /// Behind the end of the archive, where anything may follow.
    Behind,
}

impl Archive {
    pub(super) fn new(members: Vec<Member>, claimed_end: u64) -> Result<Self, String> {
        let mut archive = Self {
            members,
            claimed_end,
            index: 0,
            part: Part::End,
            left: 0,
            headers: Vec::new(),
            position: 0,
            diff_id: Sha256::new(),
        };
        archive.begin_member()?;
        Ok(archive)
    }

    /// Takes the next uncompressed bytes.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        self.diff_id.update(bytes);
        while !bytes.is_empty() {
            if self.part == Part::Behind {
                self.position += bytes.len() as u64;
                return Ok(());
            }
            let length =
                usize::try_from(self.left).map_or(bytes.len(), |left| left.min(bytes.len()));
            let (piece, rest) = bytes.split_at(length);
            match self.part {
                Part::Headers => self.headers.extend_from_slice(piece),
                Part::End => self.check_zeros(piece)?,
                Part::Data | Part::Padding | Part::Behind => {}
            }
            self.position += length as u64;
            self.left -= length as u64;
            bytes = rest;
            while self.left == 0 && self.part != Part::Behind {
                self.next_part()?;
            }
        }
        Ok(())
    }

    /// The digest of all bytes, and the number of members, if the archive is complete and ends where
    /// the zTOC says.
    pub(super) fn finish(self) -> Result<(Digest, u64), String> {
        let last = self.index + 1 >= self.members.len();
        let end = match self.part {
            Part::Behind => self.claimed_end,
            Part::End if self.left.is_multiple_of(BLOCK) => self.position,
            Part::Padding if last => self.position,
            Part::End => {
                return Err(format!(
                    "the archive ends in the middle of a block, at byte {}",
                    self.position
                ));
            }
            Part::Headers | Part::Data | Part::Padding => {
                return Err(format!(
                    "the archive ends at byte {}, before the end of the member {}",
                    self.position,
                    self.name()
                ));
            }
        };
        self.check_claim(end)?;
        let diff_id = Digest::from_sha256(self.diff_id.finalize().into());
        Ok((diff_id, self.members.len() as u64))
    }

    fn next_part(&mut self) -> Result<(), String> {
        match self.part {
            Part::Headers => {
                self.check_headers()?;
                self.part = Part::Data;
                self.left = self.members.get(self.index).map_or(0, |member| member.size);
            }
            Part::Data => {
                self.part = Part::Padding;
                self.left = self.position.wrapping_neg() % BLOCK;
            }
            Part::Padding => {
                self.index += 1;
                self.begin_member()?;
            }
            Part::End => {
                self.check_claim(self.position)?;
                self.part = Part::Behind;
            }
            Part::Behind => {}
        }
        Ok(())
    }

    fn begin_member(&mut self) -> Result<(), String> {
        let Some(member) = self.members.get(self.index) else {
            self.part = Part::End;
            self.left = END;
            return Ok(());
        };
        self.part = Part::Headers;
        self.left = member.offset.saturating_sub(self.position);
        if self.left > MAX_HEADERS {
            return Err(format!(
                "the member {} has headers of {} bytes, from byte {} of the archive to its data",
                self.name(),
                self.left,
                self.position
            ));
        }
        Ok(())
    }

    fn check_headers(&mut self) -> Result<(), String> {
        let headers = mem::take(&mut self.headers);
        let Some(member) = self.members.get(self.index) else {
            return Ok(());
        };
        let found = read_headers(&headers).map_err(|problem| {
            // Offsets in the problem are those in the headers.
            let problem = match problem {
                Unindexable::Tar { problem, .. } => problem,
                Unindexable::Member { problem, .. } => format!("it {problem}"),
                Unindexable::TruncatedArchive { .. } => "it is not complete".to_owned(),
                other => other.to_string(),
            };
            format!(
                "the member {} has no valid header at byte {} of the archive: {problem}",
                self.name(),
                self.position - headers.len() as u64
            )
        })?;
        match difference(member, &found) {
            Some(what) => Err(format!("the member {} {what}", self.name())),
            None => Ok(()),
        }
    }

    fn check_zeros(&self, bytes: &[u8]) -> Result<(), String> {
        match bytes.iter().position(|byte| *byte != 0) {
            None => Ok(()),
            Some(at) => Err(format!(
                "the archive goes on at byte {}, behind the last member of the zTOC",
                self.position + at as u64
            )),
        }
    }

    fn check_claim(&self, end: u64) -> Result<(), String> {
        if end == self.claimed_end {
            return Ok(());
        }
        Err(format!(
            "the archive ends at byte {end}, and the zTOC says that it ends at {}",
            self.claimed_end
        ))
    }

    fn name(&self) -> String {
        self.members
            .get(self.index)
            .map_or_else(String::new, |member| format!("`{}`", shown(&member.name)))
    }
}
