//! One layer: streamed from the registry through the verifier, in bounded memory.

use bytes::Bytes;
use launchway_soci::index::ZtocEntry;
use launchway_soci::{LayerVerifier, Verified, VerifyError};
use tokio::sync::mpsc;

use super::{Tell, VerifyEvent};
use crate::image::{Descriptor, Digest};
use crate::registry::{Client, Error, Repository};
use crate::soci::lookup::about_content;
use crate::soci::ztoc_blob::{self, blocking};

/// Pieces of a layer on their way from the network to the verifier. Each is what one read gave:
/// some kilobytes.
const PIECES: usize = 64;

/// A layer to check. Equal ones are checked once, however many images share them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Check {
    /// The layer as the image has it.
    pub(super) layer: Descriptor,
    /// What the SOCI index says about it.
    pub(super) entry: ZtocEntry,
    /// What its uncompressed content should be.
    pub(super) diff_id: Digest,
}

/// Reads the layer back through its zTOC. The inner error is what is wrong, as a sentence without
/// a full stop; the outer one is the registry's.
pub(super) async fn check(
    registry: &Client,
    repository: &Repository,
    check: &Check,
    tell: Tell<'_>,
) -> Result<Result<Verified, String>, Error> {
    let Check {
        layer,
        entry,
        diff_id,
    } = check;
    let ztoc = match ztoc_blob::read(registry, repository, entry, layer).await? {
        Ok(ztoc) => ztoc,
        Err(problem) => return Ok(Err(problem)),
    };
    let verifier = match LayerVerifier::new(ztoc) {
        Ok(verifier) => verifier,
        Err(error) => return Ok(Err(format!("its zTOC {}: {error}", entry.digest))),
    };
    let (pieces, received) = mpsc::channel(PIECES);
    let (sent, verified) = futures::join!(
        send(registry, repository, layer, pieces, tell),
        blocking(move || verify(verifier, received)),
    );
    if let Err(error) = sent {
        return match about_content(&error) {
            Some(problem) => Ok(Err(format!("the layer {problem}"))),
            None => Err(error),
        };
    }
    Ok(match verified {
        Ok(verified) if verified.diff_id != *diff_id => Err(format!(
            "its uncompressed content is {}, the image's configuration says {diff_id}",
            verified.diff_id
        )),
        Ok(verified) => Ok(verified),
        Err(error) => Err(format!("its zTOC {}: {error}", entry.digest)),
    })
}

/// Reads the layer to its end: only then is it known to have its digest.
async fn send(
    registry: &Client,
    repository: &Repository,
    layer: &Descriptor,
    pieces: mpsc::Sender<Bytes>,
    tell: Tell<'_>,
) -> Result<(), Error> {
    let mut reader = registry.get_blob(repository, layer).await?;
    while let Some(piece) = reader.chunk().await? {
        tell(VerifyEvent::Received {
            bytes: piece.len() as u64,
        });
        // The verifier ends last; if it does not, its panic is on its way.
        if pieces.send(piece).await.is_err() {
            break;
        }
    }
    Ok(())
}

fn verify(
    mut verifier: LayerVerifier,
    mut pieces: mpsc::Receiver<Bytes>,
) -> Result<Verified, VerifyError> {
    while let Some(piece) = pieces.blocking_recv() {
        verifier.write(&piece);
    }
    verifier.finish()
}
