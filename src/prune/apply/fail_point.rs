//! Named points at which a removal can be made to die, for the tests that show that the next run finishes it. As
//! `release::FailPoints`, but a point is passed many times and dies at one of them.

#[cfg(feature = "failpoints")]
use std::sync::Arc;
#[cfg(feature = "failpoints")]
use std::sync::atomic::{AtomicU32, Ordering};

/// A step boundary of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailPoint {
    /// A batch was checked, and nothing of it is deleted.
    Batch,
    /// A batch is deleted.
    Deleted,
    /// All waves of a repository are done, no tag is removed.
    Tags,
}

impl FailPoint {
    /// All points.
    pub const ALL: [Self; 3] = [Self::Batch, Self::Deleted, Self::Tags];

    /// The name that arms it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "prune::batch",
            Self::Deleted => "prune::deleted",
            Self::Tags => "prune::tags",
        }
    }
}

/// The armed point of a run, if any. Clones count together.
#[derive(Clone, Debug, Default)]
pub struct FailPoints {
    #[cfg(feature = "failpoints")]
    armed: Option<(FailPoint, Arc<AtomicU32>)>,
}

impl FailPoints {
    /// Arms the point of this name: `prune::batch` the first time that it is passed, `prune::batch#3` the third time.
    /// Other names arm nothing; so does everything in a build without the feature `failpoints`.
    pub fn armed(name: &str) -> Self {
        #[cfg(feature = "failpoints")]
        let points = {
            let (name, time) = name.split_once('#').unwrap_or((name, "1"));
            let point = FailPoint::ALL
                .into_iter()
                .find(|point| point.name() == name);
            let time = time.parse().ok();
            Self {
                armed: point.zip(time.map(|time| Arc::new(AtomicU32::new(time)))),
            }
        };
        #[cfg(not(feature = "failpoints"))]
        let points = {
            let _ = name;
            Self {}
        };
        points
    }

    /// Dies here if this point is armed.
    pub(super) fn pass(&self, point: FailPoint) {
        #[cfg(feature = "failpoints")]
        if let Some((armed, left)) = &self.armed
            && *armed == point
            && left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            crate::release::die();
        }
        let _ = (self, point);
    }
}
