//! `launchway notify`: send a notification by hand.

use crate::ui::Failure;

use super::Invocation;

/// Arguments of `notify`.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(crate) async fn run(_: Args, _: &Invocation) -> Result<u8, Failure> {
    Err(Failure::usage("this verb is being built"))
}
