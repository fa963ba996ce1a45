//! Writing a zTOC, byte for byte like the official encoder.
//!
//! A `FlatBuffer` is written back to front, so the *order of calls* is the layout: members from last
//! to first, each one's strings in the order below, then the vectors, then the tables. Changing the
//! order of two lines here changes the digest of every zTOC. Strings are not shared, and numbers
//! that equal their default are left out, as the builder does by itself.

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, UnionWIPOffset, WIPOffset};

use super::{VERSION, Ztoc, checkpoints, field};
use crate::spans::{Spans, WINDOW};
use crate::tar::Member;

/// The values do not fit into a zTOC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// `FlatBuffers` end at 2 GiB.
    #[error("the zTOC would take up to {bytes} bytes, and its format ends at 2147483647")]
    TooLarge {
        /// At most this many bytes; a few per cent more than it would really be.
        bytes: u64,
    },
    /// Sizes and offsets are signed there.
    #[error("the {field} {value} does not fit into 63 bits")]
    Number {
        /// What the number is.
        field: &'static str,
        /// The number.
        value: u64,
    },
    /// A window of another length than [`WINDOW`].
    #[error("the window of span {span} has {bytes} bytes instead of 32768")]
    Window {
        /// Its span.
        span: usize,
        /// How long the window is.
        bytes: usize,
    },
}

/// The largest `FlatBuffer`: its offsets are signed 32-bit numbers.
const LIMIT: u64 = (1 << 31) - 1;

type Builder = FlatBufferBuilder<'static>;
type Table = WIPOffset<TableFinishedWIPOffset>;

/// Where field `id` stands in a table's vtable.
const fn slot(id: u16) -> u16 {
    4 + 2 * id
}

pub(super) fn encode(ztoc: &Ztoc) -> Result<Vec<u8>, EncodeError> {
    check(&ztoc.spans)?;
    let bound = size_bound(ztoc);
    let capacity = usize::try_from(bound)
        .ok()
        .filter(|_| bound <= LIMIT)
        .ok_or(EncodeError::TooLarge { bytes: bound })?;
    // The builder doubles its buffer when it is full, and panics beyond the limit. With room for
    // everything it does neither.
    let mut builder = Builder::with_capacity(capacity);

    let version = builder.create_byte_string(VERSION);
    let build_tool = builder.create_byte_string(ztoc.build_tool.as_bytes());
    let toc = toc(&mut builder, &ztoc.members)?;
    let compression_info = compression_info(&mut builder, &ztoc.spans)?;

    use field::ztoc as id;
    let start = builder.start_table();
    builder.push_slot_always(slot(id::VERSION), version);
    builder.push_slot_always(slot(id::BUILD_TOOL), build_tool);
    builder.push_slot_always(slot(id::TOC), toc);
    let compressed_size = signed("compressed size", ztoc.compressed_size)?;
    builder.push_slot(slot(id::COMPRESSED_SIZE), compressed_size, 0);
    let uncompressed_size = signed("uncompressed size", ztoc.uncompressed_size)?;
    builder.push_slot(slot(id::UNCOMPRESSED_SIZE), uncompressed_size, 0);
    builder.push_slot_always(slot(id::COMPRESSION_INFO), compression_info);
    let root = builder.end_table(start);
    builder.finish_minimal(root);

    let (mut bytes, head) = builder.collapse();
    bytes.drain(..head);
    Ok(bytes)
}

fn toc(builder: &mut Builder, members: &[Member]) -> Result<Table, EncodeError> {
    let mut tables = Vec::with_capacity(members.len());
    for member in members.iter().rev() {
        tables.push(file_metadata(builder, member)?);
    }
    tables.reverse();
    let metadata = builder.create_vector(&tables);
    // As large as a pointer and a half per member: not needed while the rest is written.
    drop(tables);

    let start = builder.start_table();
    builder.push_slot_always(slot(field::toc::METADATA), metadata);
    Ok(builder.end_table(start))
}

fn file_metadata(builder: &mut Builder, member: &Member) -> Result<Table, EncodeError> {
    let name = builder.create_byte_string(&member.name);
    let kind = builder.create_byte_string(member.kind.as_str().as_bytes());
    let linkname = builder.create_byte_string(&member.linkname);
    let uname = builder.create_byte_string(&member.uname);
    let gname = builder.create_byte_string(&member.gname);
    let mod_time = builder.create_byte_string(member.mod_time.as_bytes());
    let xattrs: Vec<Table> = member
        .pax
        .iter()
        .map(|(key, value)| xattr(builder, key, value))
        .collect();
    // There even when it is empty.
    let xattrs = builder.create_vector(&xattrs);

    use field::member as id;
    let start = builder.start_table();
    builder.push_slot_always(slot(id::NAME), name);
    builder.push_slot_always(slot(id::TYPE), kind);
    let offset = signed("offset of a member", member.offset)?;
    builder.push_slot(slot(id::OFFSET), offset, 0);
    let size = signed("size of a member", member.size)?;
    builder.push_slot(slot(id::SIZE), size, 0);
    builder.push_slot_always(slot(id::LINKNAME), linkname);
    builder.push_slot(slot(id::MODE), member.mode, 0);
    builder.push_slot(slot(id::UID), member.uid, 0);
    builder.push_slot(slot(id::GID), member.gid, 0);
    builder.push_slot_always(slot(id::UNAME), uname);
    builder.push_slot_always(slot(id::GNAME), gname);
    builder.push_slot_always(slot(id::MOD_TIME), mod_time);
    builder.push_slot(slot(id::DEVMAJOR), member.devmajor, 0);
    builder.push_slot(slot(id::DEVMINOR), member.devminor, 0);
    builder.push_slot_always(slot(id::XATTRS), xattrs);
    Ok(builder.end_table(start))
}

fn xattr(builder: &mut Builder, key: &[u8], value: &[u8]) -> Table {
    let key = builder.create_byte_string(key);
    let value = builder.create_byte_string(value);
    let start = builder.start_table();
    builder.push_slot_always(slot(field::xattr::KEY), key);
    builder.push_slot_always(slot(field::xattr::VALUE), value);
    builder.end_table(start)
}

fn compression_info(builder: &mut Builder, spans: &Spans) -> Result<Table, EncodeError> {
    let checkpoints = match spans {
        Spans::Gzip {
            span_size,
            checkpoints,
            ..
        } => {
            let span_size = signed("span size", *span_size)?;
            let length = checkpoints::gzip_length(checkpoints.len());
            builder.start_vector::<u8>(length);
            checkpoints::gzip_reversed(span_size, checkpoints, |byte| {
                builder.push(byte);
            })?;
            builder.end_vector::<u8>(length)
        }
        Spans::Uncompressed {
            span_size, size, ..
        } => {
            let span_size = signed("span size", *span_size)?;
            let size = signed("size of the layer", *size)?;
            builder.create_vector(&checkpoints::tar_zinfo(span_size, size))
        }
    };
    let digests: Vec<WIPOffset<UnionWIPOffset>> = spans
        .digests()
        .iter()
        .map(|digest| {
            builder
                .create_byte_string(digest.to_string().as_bytes())
                .as_union_value()
        })
        .collect();
    let span_digests = builder.create_vector(&digests);
    // A layer of no bytes at all has no span, and -1 as its last.
    let max_span_id = i32::try_from(digests.len()).map_or(i32::MAX, |spans| spans - 1);

    use field::compression as id;
    let start = builder.start_table();
    builder.push_slot(slot(id::MAX_SPAN_ID), max_span_id, 0);
    builder.push_slot_always(slot(id::SPAN_DIGESTS), span_digests);
    builder.push_slot_always(slot(id::CHECKPOINTS), checkpoints);
    let algorithm = match spans {
        Spans::Gzip { .. } => checkpoints::GZIP,
        Spans::Uncompressed { .. } => checkpoints::UNCOMPRESSED,
    };
    builder.push_slot(slot(id::ALGORITHM), algorithm, checkpoints::GZIP);
    Ok(builder.end_table(start))
}

fn check(spans: &Spans) -> Result<(), EncodeError> {
    let Spans::Gzip { checkpoints, .. } = spans else {
        return Ok(());
    };
    match checkpoints
        .iter()
        .position(|checkpoint| checkpoint.window.len() != WINDOW)
    {
        Some(span) => Err(EncodeError::Window {
            span,
            bytes: checkpoints[span].window.len(),
        }),
        None => Ok(()),
    }
}

fn signed(field: &'static str, value: u64) -> Result<i64, EncodeError> {
    i64::try_from(value).map_err(|_| EncodeError::Number { field, value })
}

/// At least as many bytes as the zTOC will have, and at most a few per cent more.
fn size_bound(ztoc: &Ztoc) -> u64 {
    // Length in front, zero behind, padding to four bytes.
    let string = |bytes: &[u8]| bytes.len() as u64 + 8;
    // An entry in its vector, and a table with two offsets.
    let xattr = |(key, value): &(Box<[u8]>, Box<[u8]>)| 16 + string(key) + string(value);
    let members: u64 = ztoc
        .members
        .iter()
        .map(|member| {
            // An entry in the vector, a table with all fields, a vector's length; padding.
            112 + string(&member.name)
                + string(member.kind.as_str().as_bytes())
                + string(&member.linkname)
                + string(&member.uname)
                + string(&member.gname)
                + string(member.mod_time.as_bytes())
                + member.pax.iter().map(xattr).sum::<u64>()
        })
        .sum();
    let checkpoints = match &ztoc.spans {
        Spans::Gzip { checkpoints, .. } => checkpoints::gzip_length(checkpoints.len()) as u64,
        Spans::Uncompressed { .. } => 64,
    };
    // A digest has 71 characters; an entry in the vector.
    let digests = ztoc.spans.digests().len() as u64 * 84;
    // Seven numbers of a member may be left out, so there are at most 128 vtables of 32 bytes; 1 KiB
    // for the tables that are there once.
    let once = 128 * 32 + 1024 + ztoc.build_tool.len() as u64;
    members + checkpoints + digests + once
}
