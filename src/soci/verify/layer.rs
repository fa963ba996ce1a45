//! One layer: streamed from the registry through the verifier, in bounded memory.

use launchway_soci::index::ZtocEntry;
use launchway_soci::{LayerVerifier, Verified};

use super::{Tell, VerifyEvent};
use crate::image::{Descriptor, Digest};
use crate::registry::{Client, Error, Repository};
use crate::soci::layer_stream::{StreamError, stream_layer};
use crate::soci::lookup::about_content;
use crate::soci::ztoc_blob;

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
    let received = |bytes| tell(VerifyEvent::Received { bytes });
    // Only at its end is a layer known to have its digest, so nothing is said before.
    let verified = match stream_layer(registry, repository, layer, verifier, received).await {
        Ok(verified) => verified,
        Err(StreamError::Registry(error)) => {
            return match about_content(&error) {
                Some(problem) => Ok(Err(format!("the layer {problem}"))),
                None => Err(error),
            };
        }
        Err(error @ StreamError::Stopped(_)) => {
            return Ok(Err(format!("{error}, which is a bug in Launchway")));
        }
    };
    Ok(match verified {
        Ok(verified) if verified.diff_id != *diff_id => Err(format!(
            "its uncompressed content is {}, the image's configuration says {diff_id}",
            verified.diff_id
        )),
        Ok(verified) => Ok(verified),
        Err(error) => Err(format!("its zTOC {}: {error}", entry.digest)),
    })
}
