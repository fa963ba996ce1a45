//! Targets and settings to solves, references, caches and tags.
//!
//! Pure data: the plan that is printed is the plan that is run. What depends on a network (which
//! caches exist, what the baseline holds, which platforms the engine has) is found out later and
//! changes no plan.

mod attributes;
mod base_images;
mod cache;
mod dockerfile;
mod error;
mod image;
mod make;
mod model;
mod soci;
#[cfg(test)]
mod tests;

pub use base_images::BaseImagePlan;
pub(crate) use cache::{LONGEST_TAG, tag_text};
pub use error::PlanError;
pub(crate) use image::names_this_source;
pub use make::{Handoff, Mode, Options, make};
pub use model::{
    BaselinePlan, CachePlan, CacheReference, ContextPlan, ImagePlan, Plan, PushPlan, SolvePlan,
};
pub use soci::SociWish;
