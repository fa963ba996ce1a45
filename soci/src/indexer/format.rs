//! What a layer's first bytes say about its format.
//!
//! Media types are not asked: while an export streams by they are not known yet, and there are
//! layers that carry the wrong one.

use crate::spans::GZIP_MAGIC;
use crate::tar::begins_with_header;

/// Bytes of a tar header.
pub(super) const BLOCK: usize = 512;

const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Frames that zstd skips; the first byte is 0x50 to 0x5f.
const ZSTD_SKIPPABLE: [u8; 3] = [0x2a, 0x4d, 0x18];

/// The format of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Gzip,
    Zstd,
    Tar,
    Unknown,
}

/// Tells the format from the first [`BLOCK`] bytes, or from fewer where that is possible. `None`
/// asks for more; if there are no more, a layer that is shorter than a tar header is no tar.
pub(super) fn of(first: &[u8]) -> Option<Format> {
    match first {
        [a, b, ..] if [*a, *b] == GZIP_MAGIC => Some(Format::Gzip),
        [a, b, c, d, ..] if [*a, *b, *c, *d] == ZSTD_MAGIC => Some(Format::Zstd),
        [0x50..=0x5f, b, c, d, ..] if [*b, *c, *d] == ZSTD_SKIPPABLE => Some(Format::Zstd),
        _ => {
            let block: &[u8; BLOCK] = first.first_chunk()?;
            Some(if is_tar(block) {
                Format::Tar
            } else {
                Format::Unknown
            })
        }
    }
}

/// Whether a tar archive can begin like this: with a header, even a damaged one (what is wrong with
/// it is for the tar reader to say), or with the zeros of its end.
fn is_tar(block: &[u8; BLOCK]) -> bool {
    block.get(257..262) == Some(b"ustar")
        || begins_with_header(block)
        || block.iter().all(|&byte| byte == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header without magic, as Unix V7 wrote them.
    fn v7() -> [u8; BLOCK] {
        let mut block = [0; BLOCK];
        block[..4].copy_from_slice(b"name");
        block[100..107].copy_from_slice(b"0000644");
        block[148..156].fill(b' ');
        let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        block
    }

    #[test]
    fn tells_formats_apart() {
        let mut ustar = [b'x'; BLOCK];
        ustar[257..262].copy_from_slice(b"ustar");
        let mut wrong = v7();
        wrong[0] = b'N';
        for (first, format) in [
            (&b"\x1f\x8b"[..], Some(Format::Gzip)),
            (b"\x1f\x8b\x08", Some(Format::Gzip)),
            (b"\x28\xb5\x2f\xfd", Some(Format::Zstd)),
            (b"\x50\x2a\x4d\x18", Some(Format::Zstd)),
            (b"\x5f\x2a\x4d\x18", Some(Format::Zstd)),
            (b"\x60\x2a\x4d\x18", None),
            (&ustar, Some(Format::Tar)),
            (&v7(), Some(Format::Tar)),
            (&wrong, Some(Format::Unknown)),
            (&[0; BLOCK], Some(Format::Tar)),
            (&[0; BLOCK - 1], None),
            (&[b'x'; BLOCK], Some(Format::Unknown)),
            (b"\x1f", None),
            (b"", None),
        ] {
            assert_eq!(of(first), format, "{:?}…", &first[..first.len().min(8)]);
        }
    }
}
