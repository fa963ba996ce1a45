//! Snapshots of the binary, run with a clean environment.
