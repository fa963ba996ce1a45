//! SSM parameters that tell the rest of the pipeline what was released: the new tag, digest or a
//! document with all images. A change of one can start the build that deploys.
//!
//! What is written is pure: a record in, a text out, and a comparison with what is there. Only
//! [`write`] talks to AWS, and it writes nothing that is there already: every write is a new version,
//! and every version is an event.

mod decide;
mod name;
mod told;
mod value;
mod write;

pub use decide::{Decision, decide};
pub use name::{NameProblem, check_name};
pub use told::Told;
pub use value::{Document, DocumentImage, SCHEMA, ValueError, release_tag, value};
pub use write::{WriteError, write};

use crate::config::ParameterSettings;

/// Two blocks write the same parameter: each release would undo what the other block says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the blocks {first:?} and {second:?} write the same parameter {name}")]
pub struct SameParameter {
    /// The label of one.
    pub first: String,
    /// The label of the other.
    pub second: String,
    /// The parameter.
    pub name: String,
}

/// Whether every parameter is written by one block.
pub fn check_distinct(parameters: &[ParameterSettings]) -> Result<(), SameParameter> {
    for (index, second) in parameters.iter().enumerate() {
        let same =
            |first: &&ParameterSettings| first.name == second.name && first.region == second.region;
        if let Some(first) = parameters[..index].iter().find(same) {
            return Err(SameParameter {
                first: first.label.clone(),
                second: second.label.clone(),
                name: second.name.clone(),
            });
        }
    }
    Ok(())
}
