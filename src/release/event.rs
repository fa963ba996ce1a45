//! What happens during a run, told to whoever listens.
//!
//! Terminal, plain log and JSON log are consumers of this one type. An event informs; nothing is
//! decided by listening, and dropping events changes no release.

use std::sync::Arc;

use launchway_buildkit::StatusUpdate;

use crate::image::{Digest, Platform};
use crate::scan::{Counts, ScannerKind};

/// One target for one platform.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SolveName {
    /// The bake target.
    pub target: String,
    /// The platform; `None` when the engine's own was meant and is not known yet.
    pub platform: Option<Platform>,
}

impl std::fmt::Display for SolveName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.platform {
            Some(platform) => write!(f, "{}/{}", self.target, platform.tag_suffix()),
            None => f.write_str(&self.target),
        }
    }
}

/// Why a solve is run. A target and platform is solved up to three times; all but the first come
/// from the daemon's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SolveStep {
    /// Builds, and tells the digests.
    Evaluate,
    /// Pushes by digest (and builds, where nothing was evaluated before).
    Publish,
    /// Exports the build cache.
    CacheExport,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// What will be done: every solve, in the order of the plan.
    Planned {
        /// All solves.
        solves: Vec<SolveName>,
    },
    /// The daemon answers.
    EngineReady {
        /// Its address, for example `unix:///run/…`.
        address: String,
        /// BuildKit's version.
        version: String,
        /// This run started it.
        started: bool,
    },
    /// The registry was asked for the caches that may be imported.
    CacheChecked {
        /// References that exist.
        found: Vec<String>,
        /// References that do not.
        missing: Vec<String>,
    },
    /// A solve begins.
    SolveStarted {
        /// Which one.
        solve: SolveName,
        /// Why it is run.
        step: SolveStep,
    },
    /// A solve reports.
    SolveProgress {
        /// Which one.
        solve: SolveName,
        /// Why it is run.
        step: SolveStep,
        /// What the daemon said. A vertex that several solves share comes once for each of them.
        update: StatusUpdate,
    },
    /// A solve ended well.
    SolveCompleted {
        /// Which one.
        solve: SolveName,
        /// Why it was run.
        step: SolveStep,
        /// The image manifest, where one was made.
        manifest: Option<Digest>,
    },
    /// A solve failed or was cancelled because another one failed.
    SolveFailed {
        /// Which one.
        solve: SolveName,
        /// Why it was run.
        step: SolveStep,
        /// It was cancelled, and is not the cause.
        cancelled: bool,
    },
    /// An image was compared with the baseline.
    Compared {
        /// The bake target.
        target: String,
        /// Whether it differs.
        changed: bool,
        /// Why it counts as changed or not, for people.
        reason: String,
    },
    /// A layer streams in to be indexed for SOCI. Layers that are small, or whose zTOC is known, are
    /// never sent.
    LayerIndexing {
        /// The compressed blob.
        layer: Digest,
        /// Its size in bytes.
        size: u64,
    },
    /// So much of a layer has come in. Told now and then, not for every piece.
    LayerProgress {
        /// The compressed blob.
        layer: Digest,
        /// Bytes so far.
        bytes: u64,
    },
    /// Indexing a layer ended.
    LayerIndexed {
        /// The compressed blob.
        layer: Digest,
        /// Its size in bytes.
        size: u64,
        /// What came of it.
        outcome: LayerOutcome,
        /// How long it took, in milliseconds.
        duration_ms: u64,
    },
    /// The SOCI index of a platform's image is in the registry.
    SociPublished {
        /// The bake target.
        target: String,
        /// Which of its platforms.
        platform: Platform,
        /// The SOCI index manifest.
        index: Digest,
        /// Layers whose zTOCs were built in this run.
        built: usize,
        /// Layers whose zTOCs were there before it.
        reused: usize,
        /// zTOC blobs that were uploaded; the registry had the others, or mounted them.
        uploaded: usize,
    },
    /// An image (index or single manifest) is in the registry by digest; no tag names it yet.
    ImagePublished {
        /// The bake target.
        target: String,
        /// `registry/repository`.
        repository: String,
        /// The digest that tags will point at.
        digest: Digest,
    },
    /// A platform's image is being scanned.
    ScanStarted {
        /// The bake target.
        target: String,
        /// Which of its platforms.
        platform: Platform,
        /// Who looks.
        scanner: ScannerKind,
    },
    /// A scan ended. What follows from it is decided when all have.
    ScanCompleted {
        /// The bake target.
        target: String,
        /// Which of its platforms.
        platform: Platform,
        /// Findings by severity.
        counts: Counts,
        /// Why there is no result, if there is none.
        no_result: Option<String>,
    },
    /// A tag points at its image.
    Tagged {
        /// `registry/repository:tag`.
        reference: String,
        /// What it points at now.
        digest: Digest,
        /// It pointed there already.
        unchanged: bool,
    },
    /// A cache export ended.
    CacheExported {
        /// The cache reference.
        reference: String,
        /// Why it failed, if it did.
        error: Option<String>,
    },
    /// Something to know that fails nothing.
    Warning {
        /// One or more lines.
        message: String,
    },
}

/// What came of indexing a layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LayerOutcome {
    /// There is a zTOC.
    Indexed {
        /// Its size in bytes.
        ztoc_size: u64,
        /// The spans that it divides the layer into.
        spans: u32,
    },
    /// The layer is left out of SOCI indexes.
    LeftOut {
        /// The end of a sentence that begins with the layer.
        reason: String,
    },
}

/// Receives events, from any thread.
pub type Observer = Arc<dyn Fn(Event) + Send + Sync>;
