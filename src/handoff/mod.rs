//! The files that a deploy stage reads, made from a release record. Pure: values in, files out.
