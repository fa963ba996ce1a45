//! Finding, starting and stopping the BuildKit daemon that solves run on.
