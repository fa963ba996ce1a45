//! `launchway prune`.

use crate::exit;
use crate::ui::Failure;

use super::Invocation;

/// Arguments of `prune`.
#[derive(Debug, clap::Args)]
pub struct Args {}

pub(crate) async fn run(_: Args, _: &Invocation) -> Result<u8, Failure> {
    Err(Failure::new(exit::UNEXPECTED, "prune is being built"))
}
