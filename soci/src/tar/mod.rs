//! The members of a tar archive, read from a stream as Go's `archive/tar` reads them.
//!
//! The snapshotter compares what a zTOC says with what Go's reader finds in the layer, so this
//! follows Go's rules, not POSIX's: which headers are valid, which of several names counts, where
//! an archive ends. Names are bytes. File contents are skipped, never kept.
//!
//! An archive that Go reads but that a snapshotter could not serve is refused with the reason:
//! see `readable` for single members and `tree` for how they fit together.

mod header;
mod number;
mod pax;
mod readable;
mod reader;
mod time;
mod tree;

pub(crate) use header::begins_with_header;
pub use reader::TarReader;
pub(crate) use reader::read_headers;
pub(crate) use tree::check as check_tree;

/// The longest headers of one member, extended headers and long names included. Go reads 1 MiB for
/// each of these, and any number of them; the verifier keeps all of a member's in memory.
pub(crate) const MAX_HEADERS: u64 = 4 << 20;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemberKind {
    /// `reg`
    Regular,
    /// `dir`
    Directory,
    /// `symlink`
    Symlink,
    /// `hardlink`
    HardLink,
    /// `char`
    CharacterDevice,
    /// `block`
    BlockDevice,
    /// `fifo`
    Fifo,
}

impl MemberKind {
    /// The word that stands in a zTOC.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regular => "reg",
            Self::Directory => "dir",
            Self::Symlink => "symlink",
            Self::HardLink => "hardlink",
            Self::CharacterDevice => "char",
            Self::BlockDevice => "block",
            Self::Fifo => "fifo",
        }
    }

    /// The kind of a word in a zTOC.
    pub fn parse(word: &[u8]) -> Option<Self> {
        Some(match word {
            b"reg" => Self::Regular,
            b"dir" => Self::Directory,
            b"symlink" => Self::Symlink,
            b"hardlink" => Self::HardLink,
            b"char" => Self::CharacterDevice,
            b"block" => Self::BlockDevice,
            b"fifo" => Self::Fifo,
            _ => return None,
        })
    }
}

/// A PAX record: key and value.
pub type PaxRecord = (Box<[u8]>, Box<[u8]>);

/// One member, in the terms of a zTOC's `FileMetadata`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Member {
    /// The name, verbatim: `./` in front and `/` behind are kept.
    pub name: Box<[u8]>,
    /// What it is.
    pub kind: MemberKind,
    /// Offset of the data in the uncompressed stream, after all headers of the member.
    pub offset: u64,
    /// Bytes of data; 0 for everything that is no regular file, whatever its header says: the next
    /// header follows at once.
    pub size: u64,
    /// Where a link points. Verbatim for other kinds too, where it is nearly always empty.
    pub linkname: Box<[u8]>,
    /// The mode number of the header; some writers put the type of the file in it too.
    pub mode: i64,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Name of the owner.
    pub uname: Box<[u8]>,
    /// Name of the group.
    pub gname: Box<[u8]>,
    /// Modification time, RFC 3339 in UTC with as many digits of the fraction as needed.
    pub mod_time: Box<str>,
    /// Device number.
    pub devmajor: i64,
    /// Device number.
    pub devminor: i64,
    /// All PAX records of the member, sorted by key; no key occurs twice.
    pub pax: Box<[PaxRecord]>,
}

/// What an archive holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The members in the order of the archive.
    pub members: Vec<Member>,
    /// Where Go's reader stops: after the two zero blocks, or where the archive ends without them.
    pub end: u64,
}
