//! Writing a zTOC, byte for byte like the official encoder.
//!
//! A `FlatBuffer` is written back to front, so the *order of calls* is the layout: members from last
//! to first, each one's strings in the order below, then the vectors, then the tables. Changing the
//! order of two lines here changes the digest of every zTOC. Strings are not shared, and numbers
//! that equal their default are left out, as the builder does by itself.

use super::flat::{Field, Reference, Writer};
use super::{VERSION, Ztoc, checkpoints, field};
use crate::spans::Spans;
use crate::tar::Member;

/// The values do not fit into a zTOC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// `FlatBuffers` end at 2 GiB.
    #[error("the zTOC would have {bytes} bytes, and its format ends at 2147483647")]
    TooLarge {
        /// How long it would be.
        bytes: usize,
    },
    /// Sizes and offsets are signed there.
    #[error("the {field} {value} does not fit into 63 bits")]
    Number {
        /// What the number is.
        field: &'static str,
        /// The number.
        value: u64,
    },
    /// A window of another length than [`WINDOW`](crate::spans::WINDOW).
    #[error("the window of span {span} has {bytes} bytes instead of 32768")]
    Window {
        /// Its span.
        span: usize,
        /// How long the window is.
        bytes: usize,
    },
}

pub(super) fn encode(ztoc: &Ztoc) -> Result<Vec<u8>, EncodeError> {
    let compressed_size = signed("compressed size", ztoc.compressed_size)?;
    let uncompressed_size = signed("uncompressed size", ztoc.uncompressed_size)?;

    let mut writer = Writer::with_capacity(size_bound(ztoc));
    let version = writer.string(VERSION);
    let build_tool = writer.string(ztoc.build_tool.as_bytes());
    let toc = toc(&mut writer, &ztoc.members)?;
    let compression_info = compression_info(&mut writer, &ztoc.spans)?;
    use field::ztoc as id;
    let root = writer.table(&[
        (id::VERSION, Field::To(version)),
        (id::BUILD_TOOL, Field::To(build_tool)),
        (id::TOC, Field::To(toc)),
        (id::COMPRESSED_SIZE, Field::I64(compressed_size)),
        (id::UNCOMPRESSED_SIZE, Field::I64(uncompressed_size)),
        (id::COMPRESSION_INFO, Field::To(compression_info)),
    ]);
    writer
        .finish(root)
        .map_err(|bytes| EncodeError::TooLarge { bytes })
}

fn toc(writer: &mut Writer, members: &[Member]) -> Result<Reference, EncodeError> {
    let mut tables = Vec::with_capacity(members.len());
    for member in members.iter().rev() {
        tables.push(file_metadata(writer, member)?);
    }
    tables.reverse();
    let metadata = writer.references(&tables);
    Ok(writer.table(&[(field::toc::METADATA, Field::To(metadata))]))
}

fn file_metadata(writer: &mut Writer, member: &Member) -> Result<Reference, EncodeError> {
    let offset = signed("offset of a member", member.offset)?;
    let size = signed("size of a member", member.size)?;

    let name = writer.string(&member.name);
    let kind = writer.string(member.kind.as_str().as_bytes());
    let linkname = writer.string(&member.linkname);
    let uname = writer.string(&member.uname);
    let gname = writer.string(&member.gname);
    let mod_time = writer.string(member.mod_time.as_bytes());
    let records: Vec<Reference> = member
        .pax
        .iter()
        .map(|(key, value)| xattr(writer, key, value))
        .collect();
    // There even when it is empty.
    let xattrs = writer.references(&records);

    use field::member as id;
    Ok(writer.table(&[
        (id::NAME, Field::To(name)),
        (id::TYPE, Field::To(kind)),
        (id::OFFSET, Field::I64(offset)),
        (id::SIZE, Field::I64(size)),
        (id::LINKNAME, Field::To(linkname)),
        (id::MODE, Field::I64(member.mode)),
        (id::UID, Field::U32(member.uid)),
        (id::GID, Field::U32(member.gid)),
        (id::UNAME, Field::To(uname)),
        (id::GNAME, Field::To(gname)),
        (id::MOD_TIME, Field::To(mod_time)),
        (id::DEVMAJOR, Field::I64(member.devmajor)),
        (id::DEVMINOR, Field::I64(member.devminor)),
        (id::XATTRS, Field::To(xattrs)),
    ]))
}

fn xattr(writer: &mut Writer, key: &[u8], value: &[u8]) -> Reference {
    let key = writer.string(key);
    let value = writer.string(value);
    writer.table(&[
        (field::xattr::KEY, Field::To(key)),
        (field::xattr::VALUE, Field::To(value)),
    ])
}

fn compression_info(writer: &mut Writer, spans: &Spans) -> Result<Reference, EncodeError> {
    let span_size = signed("span size", spans.span_size())?;
    let (algorithm, checkpoints) = match spans {
        Spans::Gzip { checkpoints, .. } => (
            checkpoints::GZIP,
            checkpoints::write_gzip(writer, span_size, checkpoints)?,
        ),
        Spans::Uncompressed { size, .. } => {
            let size = signed("size of the layer", *size)?;
            (
                checkpoints::UNCOMPRESSED,
                checkpoints::write_tar_zinfo(writer, span_size, size)?,
            )
        }
    };
    let digests: Vec<Reference> = spans
        .digests()
        .iter()
        .map(|digest| writer.string(digest.to_string().as_bytes()))
        .collect();
    let span_digests = writer.references(&digests);
    // A layer of no bytes at all has no span, and -1 as its last.
    let max_span_id = i32::try_from(digests.len()).map_or(i32::MAX, |spans| spans - 1);

    use field::compression as id;
    Ok(writer.table(&[
        (id::MAX_SPAN_ID, Field::I32(max_span_id)),
        (id::SPAN_DIGESTS, Field::To(span_digests)),
        (id::CHECKPOINTS, Field::To(checkpoints)),
        (
            id::ALGORITHM,
            Field::I8 {
                value: algorithm,
                default: checkpoints::GZIP,
            },
        ),
    ]))
}

pub(super) fn signed(field: &'static str, value: u64) -> Result<i64, EncodeError> {
    i64::try_from(value).map_err(|_| EncodeError::Number { field, value })
}

/// At least as many bytes as a span's digest takes: 71 characters, and an entry in the vector.
pub(crate) const DIGEST_BOUND: usize = 84;

/// At least as many bytes as a checkpoint and the digest of its span take.
pub(crate) const CHECKPOINT_BOUND: usize = checkpoints::PACKED + DIGEST_BOUND;

/// At least as many bytes as a member takes.
pub(crate) fn member_bound(member: &Member) -> usize {
    // Length in front, zero behind, padding to four bytes.
    let string = |bytes: &[u8]| bytes.len() + 8;
    // An entry in its vector, and a table with two references.
    let xattr = |(key, value): &(Box<[u8]>, Box<[u8]>)| 16 + string(key) + string(value);
    // An entry in the vector, a table with all fields, a vector's length; padding.
    112 + string(&member.name)
        + string(member.kind.as_str().as_bytes())
        + string(&member.linkname)
        + string(&member.uname)
        + string(&member.gname)
        + string(member.mod_time.as_bytes())
        + member.pax.iter().map(xattr).sum::<usize>()
}

/// At least as many bytes as the zTOC will have, so that the buffer never has to grow. What is not
/// used of it never becomes real memory.
fn size_bound(ztoc: &Ztoc) -> usize {
    let members: usize = ztoc.members.iter().map(member_bound).sum();
    let checkpoints = match &ztoc.spans {
        Spans::Gzip { checkpoints, .. } => checkpoints::gzip_length(checkpoints.len()),
        Spans::Uncompressed { .. } => 64,
    };
    let digests = ztoc.spans.digests().len() * DIGEST_BOUND;
    // Seven numbers of a member may be left out, so there are at most 128 vtables of 32 bytes; 1 KiB
    // for the tables that are there once.
    let once = 128 * 32 + 1024 + ztoc.build_tool.len();
    members + checkpoints + digests + once
}
