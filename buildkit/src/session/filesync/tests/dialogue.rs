//! Conversations that go wrong.

use super::source::Source;
use super::*;

#[test]
fn a_missing_root_is_named() {
    let source = Source::new(&[]);
    let missing = source.root().join("nowhere");
    let (sent, received) = transfer(everything(&missing), None, Received::default(), 1);
    assert!(matches!(sent, Err(SendError::Root { root, .. }) if root == missing));
    let told = received.unwrap_err();
    assert!(told.contains("nowhere: No such file"), "{told}");
}
