//! A client of the OCI distribution API, with retries, token scopes and typed errors.
