//! The checkpoints of a zTOC: an opaque blob inside of it, in a format of its own.
//!
//! For gzip ("zinfo", version 2, all numbers little-endian, nothing aligned):
//!
//! | bytes | what |
//! | --- | --- |
//! | 4 | number of checkpoints, `int32` |
//! | 8 | span size, `int64` |
//! | 8 + 8 + 1 + 32 768 each | input offset, output offset (`int64`), bits, window |
//!
//! There is no version in it. Version 1, before soci-snapshotter 0.1, left the first checkpoint out
//! and is only told by its length; it is refused here. For uncompressed layers the blob is another
//! `FlatBuffer`, `TarZinfo`.

use super::check::invalid;
use super::decode::unsigned;
use super::encode::signed;
use super::flat::{Field, Reference, Table, Writer};
use super::{EncodeError, InvalidZtoc, field};
use crate::spans::{Checkpoint, WINDOW};

/// The algorithm of a zTOC with gzip checkpoints; the schema's default.
pub(super) const GZIP: i8 = 1;
/// The algorithm of a zTOC with a `TarZinfo`.
pub(super) const UNCOMPRESSED: i8 = 2;

/// The version of both formats.
const VERSION: i32 = 2;
const HEADER: usize = 4 + 8;
const NUMBERS: usize = 8 + 8 + 1;
pub(super) const PACKED: usize = NUMBERS + WINDOW;

/// How long the blob of a gzip layer is.
pub(super) fn gzip_length(checkpoints: usize) -> usize {
    HEADER + checkpoints * PACKED
}

/// Writes the blob of a gzip layer.
pub(super) fn write_gzip(
    writer: &mut Writer,
    span_size: i64,
    checkpoints: &[Checkpoint],
) -> Result<Reference, EncodeError> {
    let count = i32::try_from(checkpoints.len()).map_err(|_| EncodeError::Number {
        field: "number of spans",
        value: checkpoints.len() as u64,
    })?;
    let mut header = [0; HEADER];
    header[..4].copy_from_slice(&count.to_le_bytes());
    header[4..].copy_from_slice(&span_size.to_le_bytes());

    let mut numbers = Vec::with_capacity(checkpoints.len());
    for (span, checkpoint) in checkpoints.iter().enumerate() {
        if checkpoint.window.len() != WINDOW {
            return Err(EncodeError::Window {
                span,
                bytes: checkpoint.window.len(),
            });
        }
        let mut packed = [0; NUMBERS];
        let input = signed("input offset of a span", checkpoint.input)?;
        packed[..8].copy_from_slice(&input.to_le_bytes());
        let output = signed("output offset of a span", checkpoint.output)?;
        packed[8..16].copy_from_slice(&output.to_le_bytes());
        packed[16] = checkpoint.bits;
        numbers.push(packed);
    }
    // The windows are a third of the zTOC: they are not put together before they are written.
    let parts = checkpoints
        .iter()
        .zip(&numbers)
        .rev()
        .flat_map(|(checkpoint, numbers)| [&*checkpoint.window, numbers]);
    Ok(writer.bytes(
        gzip_length(checkpoints.len()),
        parts.chain(std::iter::once(header.as_slice())),
    ))
}

/// Writes the blob of an uncompressed layer.
pub(super) fn write_tar_zinfo(
    writer: &mut Writer,
    span_size: i64,
    size: i64,
) -> Result<Reference, EncodeError> {
    use field::tar_zinfo as id;
    let mut inner = Writer::with_capacity(64);
    let root = inner.table(&[
        (id::VERSION, Field::I32(VERSION)),
        (id::SPAN_SIZE, Field::I64(span_size)),
        (id::SIZE, Field::I64(size)),
    ]);
    let blob = inner
        .finish(root)
        .map_err(|bytes| EncodeError::TooLarge { bytes })?;
    Ok(writer.bytes(blob.len(), std::iter::once(blob.as_slice())))
}

/// How many checkpoints the blob of a gzip layer holds: at least one, and as many as it says.
pub(super) fn gzip_count(blob: &[u8]) -> Result<u64, InvalidZtoc> {
    let (count, _) = gzip_header(blob)?;
    let length = blob.len() as u64;
    let expected = |checkpoints: u64| HEADER as u64 + checkpoints * PACKED as u64;
    match u64::try_from(count) {
        Ok(count) if count > 0 && length == expected(count) => Ok(count),
        Ok(count) if count > 0 && length == expected(count - 1) => Err(invalid(
            "its checkpoints lack the first one, as those made by soci-snapshotter before 0.1 do; \
             such a zTOC must be built again",
        )),
        _ => Err(invalid(format!(
            "it claims {count} checkpoints and has {length} bytes of them"
        ))),
    }
}

fn gzip_header(blob: &[u8]) -> Result<(i32, i64), InvalidZtoc> {
    let header = blob
        .split_first_chunk()
        .and_then(|(count, rest)| Some((count, rest.first_chunk()?)));
    let Some((count, span_size)) = header else {
        return Err(invalid("its checkpoints have no header"));
    };
    Ok((i32::from_le_bytes(*count), i64::from_le_bytes(*span_size)))
}

/// The span size and the checkpoints of a gzip layer.
pub(super) fn read_gzip(blob: &[u8]) -> Result<(u64, Vec<Checkpoint>), InvalidZtoc> {
    let (_, span_size) = gzip_header(blob)?;
    let count = gzip_count(blob)?;
    let mut checkpoints = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    for (span, packed) in blob[HEADER..].chunks_exact(PACKED).enumerate() {
        let offset = |at: usize, what: &str| {
            let bytes = packed[at..].first_chunk().copied().unwrap_or_default();
            unsigned(
                &format!("{what} offset of span {span}"),
                i64::from_le_bytes(bytes),
            )
        };
        checkpoints.push(Checkpoint {
            input: offset(0, "input")?,
            output: offset(8, "output")?,
            bits: packed[NUMBERS - 1],
            window: packed[NUMBERS..].into(),
        });
    }
    Ok((unsigned("span size", span_size)?, checkpoints))
}

/// The span size and the size of an uncompressed layer.
pub(super) fn read_tar_zinfo(blob: &[u8]) -> Result<(u64, u64), InvalidZtoc> {
    use field::tar_zinfo as id;
    let table = Table::root(blob)?;
    let version = table.i32(id::VERSION)?;
    if version != VERSION {
        return Err(invalid(format!(
            "its spans are in version {version}; only {VERSION} is known"
        )));
    }
    Ok((
        unsigned("span size", table.i64(id::SPAN_SIZE)?)?,
        unsigned("size of its spans", table.i64(id::SIZE)?)?,
    ))
}
