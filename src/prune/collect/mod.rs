//! Asking AWS, and files and programs: what there is and what is in use, as the plain values that
//! `decide` works on.

pub mod in_use;
