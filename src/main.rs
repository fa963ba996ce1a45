//! Launchway's entry point.
fn main() {}
