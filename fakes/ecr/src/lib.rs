//! An ECR for tests and benchmarks: the API that `prune` uses, with the limits, rules and faults of the
//! real one. Not a registry: blobs and `/v2/` are a real registry's work.
