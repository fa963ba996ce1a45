//! What a person looks at: printer, tables, error reports and progress.
