//! Indexing and verifying files.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use launchway_soci::ztoc::Ztoc;
use launchway_soci::{IndexedLayer, IndexerOptions, LayerIndexer, LayerVerifier, Verified};

use crate::oracle::BUILD_TOOL;

/// Indexes a layer in the official library's name.
pub(crate) fn index(layer: &Path, span_size: u64) -> IndexedLayer {
    let mut indexer = LayerIndexer::new(IndexerOptions {
        span_size,
        build_tool: BUILD_TOOL.to_owned(),
    });
    read(layer, |bytes| indexer.write(bytes));
    indexer.finish()
}

/// Reads a layer back through a zTOC.
pub(crate) fn verify(layer: &Path, ztoc: &[u8]) -> Result<Verified, String> {
    let ztoc = Ztoc::decode(ztoc).map_err(|error| error.to_string())?;
    let mut verifier = LayerVerifier::new(ztoc).map_err(|error| error.to_string())?;
    read(layer, |bytes| verifier.write(bytes));
    verifier.finish().map_err(|error| error.to_string())
}

/// Verifies a zTOC of which everything is known.
pub(crate) fn check(layer: &Path, indexed: &IndexedLayer) -> Result<(), String> {
    let Ok(ztoc) = &indexed.ztoc else {
        return Ok(());
    };
    let verified =
        verify(layer, &ztoc.bytes).map_err(|problem| format!("our verifier: {problem}"))?;
    let expected = Verified {
        digest: indexed.digest,
        diff_id: indexed.diff_id.ok_or("no diffID")?,
        spans: indexed.spans,
        members: indexed.members,
        // Every member with content begins with a checkpoint.
        spans_across_members: 0,
    };
    if verified != expected {
        return Err(format!("indexed {expected:?}, verified {verified:?}"));
    }
    Ok(())
}

fn read(layer: &Path, mut take: impl FnMut(&[u8])) {
    let mut file = File::open(layer).unwrap();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => break,
            count => take(&buffer[..count]),
        }
    }
}
