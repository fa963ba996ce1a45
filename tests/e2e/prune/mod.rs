//! Prune on images that Launchway really pushed: a registry with an ECR in front of it, moto beside it, and after every
//! apply the proof that what is left can be pulled, whole.

mod released;
mod whole;

use crate::support::{Mirror, Registry};

use released::released;

#[test]
fn the_check_can_fail() {
    let folder = tempfile::tempdir().unwrap();
    let released = released();
    let contents = released.contents();
    let registry = Registry::start_with(&folder.path().join("registry"), &contents);
    let mut mirror = Mirror::of(registry, &released.pushed);
    let checked = whole::assert_whole(&mut mirror);
    eprintln!("{checked:?}");
    for r in mirror.repositories() {
        eprintln!(
            "{r}: {} {:#?}",
            mirror.ecr.repository(r).len(),
            mirror.tags(r).keys().collect::<Vec<_>>()
        );
    }
}
