//! What was typed: one file per verb. Reads the environment and files, calls the library, prints
//! through `ui`.
