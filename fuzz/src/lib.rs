//! What the fuzz targets have in common: what is done with an input, and what must hold then.

pub mod inputs;
