//! What the daemon asks its client for during a build.

#[cfg_attr(
    not(test),
    expect(
        dead_code,
        unused_imports,
        reason = "the session that serves it is built beside it"
    )
)]
pub(crate) mod filesync;
