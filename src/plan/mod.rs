//! Targets and settings to solves, references, caches and tags. Pure data: the plan that is printed
//! is the plan that is run.
