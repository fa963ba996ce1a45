//! `launchway handoff`: the files that a deploy stage reads, apart from a release.

mod release;

pub(super) use release::Handoffs;

use crate::ui::Failure;

use crate::cli::Invocation;

/// Arguments of `handoff`.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(crate) async fn run(_: Args, _: &Invocation) -> Result<u8, Failure> {
    Err(Failure::usage("this verb is being built"))
}
