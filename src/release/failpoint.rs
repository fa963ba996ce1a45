//! Named points at which a run can be made to die, for the tests that show that nothing is half
//! done afterwards.
//!
//! Dying is `SIGKILL`, as an out-of-memory killer or a lost machine would do it: no destructor
//! runs. Without the `failpoints` feature arming does nothing and a point costs nothing.

/// A step boundary of a run, in the order in which a run passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailPoint {
    /// Connected, nothing built.
    EngineReady,
    /// Everything is built, nothing is pushed.
    Evaluated,
    /// The first image manifest is in the registry by digest.
    FirstManifest,
    /// All image manifests are in the registry by digest.
    Published,
    /// The first index is in the registry by digest.
    FirstIndex,
    /// All indexes are in the registry by digest; the record is not written.
    Indexed,
    /// The record is written, no tag moved.
    Recorded,
    /// The first tag moved.
    FirstTag,
    /// All tags moved; the record does not say so yet.
    Tagged,
    /// Everything but the hand-off files is done.
    Completed,
}

impl FailPoint {
    /// All points.
    pub const ALL: [Self; 10] = [
        Self::EngineReady,
        Self::Evaluated,
        Self::FirstManifest,
        Self::Published,
        Self::FirstIndex,
        Self::Indexed,
        Self::Recorded,
        Self::FirstTag,
        Self::Tagged,
        Self::Completed,
    ];

    /// The name that arms it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EngineReady => "engine-ready",
            Self::Evaluated => "evaluated",
            Self::FirstManifest => "first-manifest",
            Self::Published => "published",
            Self::FirstIndex => "first-index",
            Self::Indexed => "indexed",
            Self::Recorded => "recorded",
            Self::FirstTag => "first-tag",
            Self::Tagged => "tagged",
            Self::Completed => "completed",
        }
    }

    /// Whether a tag may have moved when a run dies here.
    pub fn is_after_first_tag(self) -> bool {
        matches!(self, Self::FirstTag | Self::Tagged | Self::Completed)
    }
}

/// The armed point of a run, if any.
#[derive(Clone, Copy, Debug, Default)]
pub struct FailPoints {
    #[cfg(feature = "failpoints")]
    armed: Option<FailPoint>,
}

impl FailPoints {
    /// Arms the point of this name. Unknown names arm nothing; so does everything in a build
    /// without the feature.
    pub fn armed(name: &str) -> Self {
        #[cfg(feature = "failpoints")]
        let points = Self {
            armed: FailPoint::ALL
                .into_iter()
                .find(|point| point.name() == name),
        };
        #[cfg(not(feature = "failpoints"))]
        let points = {
            let _ = name;
            Self {}
        };
        points
    }

    /// Dies here if this point is armed.
    pub(super) fn pass(self, point: FailPoint) {
        #[cfg(feature = "failpoints")]
        if self.armed == Some(point) {
            die();
        }
        let _ = (self, point);
    }
}

/// Dies as a process does that is killed.
#[cfg(feature = "failpoints")]
pub(crate) fn die() -> ! {
    use rustix::process::{Signal, getpid, kill_process};
    // Failing to kill ourselves would let the test pass for the wrong reason.
    let _ = kill_process(getpid(), Signal::KILL);
    std::process::abort();
}
