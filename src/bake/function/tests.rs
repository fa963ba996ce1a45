//! Filled with the functions.
