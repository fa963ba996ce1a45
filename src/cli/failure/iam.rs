//! Policies that cannot be made.

use crate::exit;
use crate::iam::{UnknownVerb, Verb};
use crate::ui::Failure;

impl From<UnknownVerb> for Failure {
    fn from(error: UnknownVerb) -> Self {
        let failure = Self::from_error(exit::USAGE, &error);
        match error {
            UnknownVerb::Unknown(_) => {
                let names: Vec<String> = Verb::names().collect();
                failure.hint(format!("There are policies of {}.", names.join(", ")))
            }
            _ => failure,
        }
    }
}
