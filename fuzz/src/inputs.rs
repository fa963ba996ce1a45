//! What is done with an input. Whatever it is, nothing may panic, and what is said here must hold.
//!
//! `soci/tests/layers/seeds.rs` does the same with the seeds, in every test run.

use launchway_soci::index::SociIndex;
use launchway_soci::spans::Spans;
use launchway_soci::tar::TarReader;
use launchway_soci::ztoc::Ztoc;
use launchway_soci::{Digest, IndexedLayer, IndexerOptions, LayerIndexer, LayerVerifier};

/// Small, so that small inputs have several spans.
const SPAN_SIZE: u64 = 100;

/// Any bytes as a layer. A zTOC that is built reads back and passes the verifier.
pub fn layer(bytes: &[u8]) {
    let indexed = index(bytes);
    assert_eq!(indexed.digest, Digest::of(bytes));
    assert_eq!(indexed.size, bytes.len() as u64);
    let Ok(encoded) = &indexed.ztoc else { return };
    let ztoc = Ztoc::decode(&encoded.bytes).unwrap();
    let verified = verified(ztoc, bytes).unwrap();
    assert_eq!(Some(verified.diff_id), indexed.diff_id);
    assert_eq!(verified.members, indexed.members);
    assert_eq!(verified.spans, indexed.spans);
    assert_eq!(verified.spans_across_members, 0);
}

/// Any bytes as an archive: read in pieces as in one, and then as a layer.
pub fn archive(bytes: &[u8]) {
    let mut whole = TarReader::default();
    whole.write(bytes);
    let mut pieces = TarReader::default();
    for piece in bytes.chunks(7) {
        pieces.write(piece);
    }
    assert_eq!(whole.finish(), pieces.finish());
    layer(&stored(bytes));
}

/// Any bytes as a zTOC: what can be read can be written and read again.
pub fn ztoc(bytes: &[u8]) {
    let Ok(ztoc) = Ztoc::decode(bytes) else {
        return;
    };
    if let Ok(encoded) = ztoc.encode() {
        assert_eq!(Ztoc::decode(&encoded).unwrap(), ztoc);
    }
    drop(verified(ztoc, b"\x1f\x8b\x08\0\0\0\0\0\0\xff\x03\0"));
}

/// Any bytes as a SOCI index: what is accepted is what would be written.
pub fn soci_index(bytes: &[u8]) {
    if let Ok(index) = SociIndex::parse(bytes) {
        assert_eq!(index.to_bytes(), bytes);
    }
}

/// A layer whose zTOC was tampered with: the first byte is the number of changes, each is four
/// bytes, then the archive. A zTOC that says something else must not pass.
pub fn verify(bytes: &[u8]) {
    let Some((&count, rest)) = bytes.split_first() else {
        return;
    };
    let Some((changes, archive)) = rest.split_at_checked(usize::from(count % 8) * 4) else {
        return;
    };
    let layer = stored(archive);
    let Ok(encoded) = index(&layer).ztoc else {
        return;
    };
    let honest = Ztoc::decode(&encoded.bytes).unwrap();
    let mut tampered = honest.clone();
    for change in changes.chunks_exact(4) {
        tamper(&mut tampered, [change[0], change[1], change[2], change[3]]);
    }
    let said = verified(tampered.clone(), &layer);
    if tampered == honest {
        said.unwrap();
    } else {
        assert!(said.is_err(), "{tampered:?} passed in place of {honest:?}");
    }
}

/// Changes something. Numbers change a little or become huge.
fn tamper(ztoc: &mut Ztoc, [what, which, shift, value]: [u8; 4]) {
    let huge = u64::from(value) << (shift % 64);
    let Spans::Gzip {
        checkpoints,
        digests,
        ..
    } = &mut ztoc.spans
    else {
        return;
    };
    let which = usize::from(which);
    let spans = checkpoints.len().max(1);
    let checkpoint = checkpoints.get_mut(which % spans);
    let members = ztoc.members.len().max(1);
    let member = ztoc.members.get_mut(which % members);
    match (what % 13, checkpoint, member) {
        (0, Some(checkpoint), _) => checkpoint.input ^= huge,
        (1, Some(checkpoint), _) => checkpoint.output ^= huge,
        (2, Some(checkpoint), _) => checkpoint.bits ^= value,
        (3, Some(checkpoint), _) => {
            let at = usize::from(shift) * 128;
            checkpoint.window[at.min(32_767)] ^= value;
        }
        (4, ..) => drop(checkpoints.pop()),
        (5, ..) => drop(digests.pop()),
        (6, ..) => digests.push(Digest::of([value])),
        (7, _, Some(member)) => member.offset ^= huge,
        (8, _, Some(member)) => member.size ^= huge,
        (9, _, Some(member)) => member.mode ^= i64::from(value) & 0o7777,
        (10, ..) => ztoc.uncompressed_size ^= huge,
        (11, ..) => ztoc.compressed_size ^= huge,
        (12, ..) => drop(ztoc.members.pop()),
        _ => {}
    }
}

fn index(layer: &[u8]) -> IndexedLayer {
    let mut indexer = LayerIndexer::new(IndexerOptions {
        span_size: SPAN_SIZE,
        build_tool: "fuzz".to_owned(),
    });
    indexer.write(layer);
    indexer.finish()
}

fn verified(ztoc: Ztoc, layer: &[u8]) -> Result<launchway_soci::Verified, String> {
    let mut verifier = LayerVerifier::new(ztoc).map_err(|error| error.to_string())?;
    verifier.write(layer);
    verifier.finish().map_err(|error| error.to_string())
}

/// A gzip stream of stored blocks, so that there is no checksum to guess.
pub fn stored(bytes: &[u8]) -> Vec<u8> {
    let mut stream = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    for block in bytes.chunks(300) {
        let length = u16::try_from(block.len()).unwrap();
        stream.push(0);
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(b"\x01\0\0\xff\xff");
    stream.extend_from_slice(&crc32(bytes).to_le_bytes());
    let length = u32::try_from(bytes.len()).unwrap();
    stream.extend_from_slice(&length.to_le_bytes());
    stream
}

/// The checksum of gzip.
pub fn crc32(bytes: &[u8]) -> u32 {
    let table: [u32; 256] = std::array::from_fn(|byte| {
        (0..8).fold(u32::try_from(byte).unwrap(), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & 0_u32.wrapping_sub(crc & 1))
        })
    });
    !bytes.iter().fold(!0, |crc, &byte| {
        (crc >> 8) ^ table[usize::from(u8::try_from(crc & 0xff).unwrap() ^ byte)]
    })
}
