//! Every folder of testdata/scan is a case: see `crate::scan::cases`.
