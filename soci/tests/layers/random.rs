//! Random archives in random gzip streams: what is indexed is what was written, every zTOC
//! verifies, and the official library reads a sample of them.
//!
//! A failure names its seed; `LAUNCHWAY_TEST_SEED=<seed>` runs that one alone.

mod archive;
mod dice;
mod gzip;

use std::fs;
use std::path::Path;

use launchway_soci::ztoc::Ztoc;
use launchway_soci::{
    Digest, IndexedLayer, IndexerOptions, LayerIndexer, LayerVerifier, Unindexable,
};

use crate::oracle::{BUILD_TOOL, Library, reads_back};
use crate::workers::for_each;
use archive::{Archive, Meant, archive};
use dice::Dice;
use gzip::compress;

/// A member per so many bytes at least: beyond 16 the indexer refuses.
const FEW_MEMBERS: u64 = 16;

/// One random layer. The official library looks at it too if that is asked for.
fn check(seed: u64, ask_official: bool, limit: usize) -> Result<(), String> {
    let dice = &mut Dice::new(seed);
    let members = dice.below(80);
    let archive = archive(dice, members, limit);
    let (layer, ordinary) = if dice.one_in(8) && !archive.bytes.is_empty() {
        (archive.bytes.clone(), true)
    } else {
        let compressed = compress(dice, &archive.bytes);
        (compressed.bytes, compressed.ordinary)
    };
    let span_size = *dice.pick(&[1, 5000, 70_000, 1 << 20, 4 << 20]);
    // A checkpoint takes 32 KiB.
    let span_size = span_size.max(archive.bytes.len() as u64 / 500);
    let indexed = index(dice, &layer, span_size);
    let ztoc = match &indexed.ztoc {
        Ok(ztoc) => ztoc,
        Err(Unindexable::ManyMembers { members }) if *members > FEW_MEMBERS => return Ok(()),
        Err(reason) => return Err(format!("left out: {reason}")),
    };
    compare(&archive, &layer, &indexed)?;
    verify(dice, &layer, &indexed)?;
    if !ask_official {
        return Ok(());
    }
    // Left there if something is wrong.
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("random-layer-{seed}"));
    fs::write(&path, &layer).unwrap();
    reads_back(&path, &ztoc.bytes)
        .map_err(|problem| format!("{problem} ({}, spans of {span_size})", path.display()))?;
    if ordinary && Library::V0_15.build(&path, span_size)? != ztoc.bytes {
        return Err(format!(
            "differs from the official zTOC ({})",
            path.display()
        ));
    }
    fs::remove_file(&path).unwrap();
    Ok(())
}

fn index(dice: &mut Dice, layer: &[u8], span_size: u64) -> IndexedLayer {
    let mut indexer = LayerIndexer::new(IndexerOptions {
        span_size,
        build_tool: BUILD_TOOL.to_owned(),
    });
    in_pieces(dice, layer, |piece| indexer.write(piece));
    indexer.finish()
}

fn verify(dice: &mut Dice, layer: &[u8], indexed: &IndexedLayer) -> Result<(), String> {
    let bytes = &indexed.ztoc.as_ref().unwrap().bytes;
    let ztoc = Ztoc::decode(bytes).map_err(|error| error.to_string())?;
    let mut verifier = LayerVerifier::new(ztoc).map_err(|error| error.to_string())?;
    in_pieces(dice, layer, |piece| verifier.write(piece));
    let verified = verifier.finish().map_err(|error| error.to_string())?;
    if verified.digest != indexed.digest
        || Some(verified.diff_id) != indexed.diff_id
        || verified.spans != indexed.spans
        || verified.members != indexed.members
        || verified.spans_across_members > 0
    {
        return Err(format!("verified {verified:?}"));
    }
    Ok(())
}

/// What was found beside what was written.
fn compare(archive: &Archive, layer: &[u8], indexed: &IndexedLayer) -> Result<(), String> {
    let ztoc = Ztoc::decode(&indexed.ztoc.as_ref().unwrap().bytes).unwrap();
    let found: Vec<Meant> = ztoc
        .members
        .iter()
        .map(|member| Meant {
            name: member.name.to_vec(),
            kind: member.kind,
            offset: member.offset,
            size: member.size,
            linkname: member.linkname.to_vec(),
            uid: member.uid,
        })
        .collect();
    if let Some((found, meant)) = found
        .iter()
        .zip(&archive.members)
        .find(|(found, meant)| found != meant)
    {
        return Err(format!("found {found:?}, meant {meant:?}"));
    }
    if found.len() != archive.members.len() {
        let (found, meant) = (found.len(), archive.members.len());
        return Err(format!("found {found} members, meant {meant}"));
    }
    if indexed.digest != Digest::of(layer) || indexed.diff_id != Some(Digest::of(&archive.bytes)) {
        return Err("a digest is wrong".to_owned());
    }
    Ok(())
}

/// Layers arrive as the network has them.
fn in_pieces(dice: &mut Dice, mut layer: &[u8], mut take: impl FnMut(&[u8])) {
    let largest = 1 + dice.length(2 << 20).max(layer.len() / 20_000);
    while !layer.is_empty() {
        let (piece, rest) = layer.split_at((1 + dice.below(largest)).min(layer.len()));
        take(piece);
        layer = rest;
    }
}

#[track_caller]
fn check_all(cases: u64, sample: u64, limit: usize) {
    let seeds: Vec<u64> = match std::env::var("LAUNCHWAY_TEST_SEED") {
        Ok(seed) => vec![seed.parse().unwrap()],
        Err(_) => (0..cases).collect(),
    };
    for_each(&seeds, |&seed| {
        // Some are large.
        let limit = if seed % 16 == 1 { limit } else { limit / 50 };
        check(seed, seed % sample == 0, limit).map_err(|problem| format!("seed {seed}: {problem}"))
    });
}

#[test]
fn random_layers_are_indexed_as_they_were_written() {
    check_all(160, 10, 50 << 20);
}

#[test]
#[ignore = "soak: takes an hour"]
fn soak_random_layers() {
    check_all(20_000, 10, 50 << 20);
}
