//! `launchway environment`: environments, and what differs between two of them.

use crate::ui::Failure;

use super::Invocation;

/// Arguments of `environment`.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(crate) async fn run(_: Args, _: &Invocation) -> Result<u8, Failure> {
    Err(Failure::usage("this verb is being built"))
}
