//! `launchway version`: the same line as `--version`.

use crate::exit;
use crate::ui::Failure;

use super::Invocation;

pub(crate) fn run(invocation: &Invocation) -> Result<u8, Failure> {
    let version = concat!("launchway ", env!("CARGO_PKG_VERSION"));
    invocation.printer.answer(version)?;
    Ok(exit::OK)
}
