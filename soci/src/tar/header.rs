//! One header block of 512 bytes, in the five layouts that Go knows: V7, USTAR, PAX (as USTAR), GNU
//! and STAR.

use super::number::{numeric, octal};
use super::time::Time;

/// Bytes of a block: headers are one, and all else is padded to whole blocks.
pub(super) const BLOCK: usize = 512;

/// A block of an archive.
pub(super) type Block = [u8; BLOCK];

/// What a header says, before PAX records and GNU long names are applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Box<[u8]>,
    pub(super) linkname: Box<[u8]>,
    pub(super) typeflag: u8,
    pub(super) size: i64,
    pub(super) mode: i64,
    pub(super) uid: i64,
    pub(super) gid: i64,
    pub(super) mtime: Time,
    pub(super) uname: Box<[u8]>,
    pub(super) gname: Box<[u8]>,
    pub(super) devmajor: i64,
    pub(super) devminor: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Layout {
    V7,
    Ustar,
    Star,
    Gnu,
}

impl Header {
    /// Reads a block that is not all zero. The error says what is wrong, as the end of a sentence.
    pub(super) fn parse(block: &Block) -> Result<Self, &'static str> {
        if !checksum_matches(block) {
            return Err("the checksum of a header is wrong");
        }
        let layout = layout(block);
        let number =
            |from: usize, length, problem| numeric(&block[from..from + length]).ok_or(problem);
        let mut header = Self {
            name: string(&block[..100]).into(),
            mode: number(100, 8, "the mode in a header is no number")?,
            uid: number(108, 8, "the uid in a header is no number")?,
            gid: number(116, 8, "the gid in a header is no number")?,
            size: number(124, 12, "the size in a header is no number")?,
            mtime: Time::of_seconds(number(136, 12, "the time in a header is no number")?),
            typeflag: block[156],
            linkname: string(&block[157..257]).into(),
            uname: Box::default(),
            gname: Box::default(),
            devmajor: 0,
            devminor: 0,
        };
        if layout == Layout::V7 {
            return Ok(header);
        }
        header.uname = string(&block[265..297]).into();
        header.gname = string(&block[297..329]).into();
        header.devmajor = number(329, 8, "the device number in a header is no number")?;
        header.devminor = number(337, 8, "the device number in a header is no number")?;
        let prefix = match layout {
            Layout::V7 => &[],
            Layout::Ustar => string(&block[345..500]),
            Layout::Star => {
                number(476, 12, "the access time in a header is no number")?;
                number(488, 12, "the change time in a header is no number")?;
                string(&block[345..476])
            }
            Layout::Gnu => gnu_prefix(block),
        };
        if !prefix.is_empty() {
            header.name = [prefix, b"/", &header.name].concat().into();
        }
        Ok(header)
    }
}

/// Whether these bytes begin with a header that Go would take: for telling a tar archive from
/// something else. A block of zeros is none, although an empty archive begins with one.
pub(crate) fn begins_with_header(bytes: &[u8]) -> bool {
    bytes
        .first_chunk()
        .is_some_and(|block| Header::parse(block).is_ok())
}

/// Bytes up to the first NUL.
pub(super) fn string(field: &[u8]) -> &[u8] {
    let end = field.iter().position(|byte| *byte == 0);
    &field[..end.unwrap_or(field.len())]
}

/// The sum of all bytes, with the checksum itself taken as spaces. Some old writers summed signed
/// bytes.
fn checksum_matches(block: &Block) -> bool {
    let Some(wanted) = octal(&block[148..156]) else {
        return false;
    };
    // At most 512 * 255; wrapping lets the compiler add many at a time.
    let sum = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |sum: u32, byte| sum.wrapping_add((*byte).into()))
    };
    let unsigned = sum(&block[..148]) + 8 * u32::from(b' ') + sum(&block[156..]);
    if wanted == i64::from(unsigned) {
        return true;
    }
    let all = block[..148].iter().chain(&block[156..]);
    let signed: i64 = all.map(|byte| i64::from(byte.cast_signed())).sum();
    wanted == signed + 8 * i64::from(b' ')
}

fn layout(block: &Block) -> Layout {
    match &block[257..263] {
        b"ustar\0" if &block[508..] == b"tar\0" => Layout::Star,
        b"ustar\0" => Layout::Ustar,
        b"ustar " if &block[263..265] == b" \0" => Layout::Gnu,
        _ => Layout::V7,
    }
}

/// GNU headers have times where USTAR has a prefix. Go's own writer once put a prefix there all the
/// same, so what is no time, and looks like a name, is a prefix.
fn gnu_prefix(block: &Block) -> &[u8] {
    let is_time = |field: &[u8]| field[0] == 0 || numeric(field).is_some();
    if is_time(&block[345..357]) && is_time(&block[357..369]) {
        return &[];
    }
    let prefix = string(&block[345..500]);
    if prefix.is_ascii() { prefix } else { &[] }
}
