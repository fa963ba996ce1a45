//! Reading a zTOC that a SOCI index names, with all that can be checked without its layer.

use launchway_soci::index::ZtocEntry;
use launchway_soci::ztoc::{self, Ztoc};

use super::lookup::about_content;
use crate::image::Descriptor;
use crate::registry::{Client, Error, Repository};

/// Reads a zTOC; `layer` is the layer that its entry is about, as the image has it.
///
/// The inner error is what is wrong with the zTOC, as a sentence without a full stop; the outer
/// one is the registry's.
pub(super) async fn read(
    registry: &Client,
    repository: &Repository,
    entry: &ZtocEntry,
    layer: &Descriptor,
) -> Result<Result<Ztoc, String>, Error> {
    let name = entry.digest;
    let blob = Descriptor::new(ztoc::MEDIA_TYPE, name, entry.size);
    let bytes = match registry.read_blob(repository, &blob, ztoc::MAX_SIZE).await {
        Ok(bytes) => bytes,
        Err(error) => match about_content(&error) {
            Some(problem) => return Ok(Err(format!("its zTOC {name} {problem}"))),
            None => return Err(error),
        },
    };
    // Half a million members take a while.
    let decoded = blocking(move || Ztoc::decode(&bytes)).await;
    Ok(match decoded {
        Ok(ztoc) => check(&ztoc, entry, layer).map_or(Ok(ztoc), Err),
        Err(error) => Err(format!("its zTOC {name} is {error}")),
    })
}

/// What contradicts the entry or the layer.
fn check(ztoc: &Ztoc, entry: &ZtocEntry, layer: &Descriptor) -> Option<String> {
    let name = entry.digest;
    if ztoc.compressed_size != layer.size {
        return Some(format!(
            "its zTOC {name} is of another layer: of one with {} bytes, where this one has {}",
            ztoc.compressed_size, layer.size
        ));
    }
    if ztoc.spans.span_size() != entry.span_size {
        return Some(format!(
            "its zTOC {name} has spans of {} bytes, where the SOCI index says {}",
            ztoc.spans.span_size(),
            entry.span_size
        ));
    }
    (entry.layer_media_type != layer.media_type).then(|| {
        format!(
            "the SOCI index says that it is {}, the image says {}",
            entry.layer_media_type, layer.media_type
        )
    })
}

/// Runs what computes for long on a thread for that.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
