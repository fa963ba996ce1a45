//! stub
use super::*;
pub(super) const FUNCTIONS: &[Function] = &[];
