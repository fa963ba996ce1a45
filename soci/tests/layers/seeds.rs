//! The seeds of the fuzz targets, put through what the targets do.

use std::fs;
use std::path::Path;

#[expect(
    unreachable_pub,
    reason = "it is public in the crate of the fuzz targets"
)]
#[path = "../../../fuzz/src/inputs.rs"]
pub(crate) mod inputs;

#[track_caller]
fn every_seed(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/seeds")
        .join(target);
    let mut seeds = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        #[expect(clippy::print_stdout, reason = "shown if the seed panics")]
        {
            println!("{}", path.display());
        }
        run(&fs::read(&path).unwrap());
        seeds += 1;
    }
    assert!(seeds > 2, "{} has {seeds} seeds", folder.display());
}

#[test]
fn seeds_of_layer() {
    every_seed("layer", inputs::layer);
}

#[test]
fn seeds_of_archive() {
    every_seed("archive", inputs::archive);
}

#[test]
fn seeds_of_ztoc() {
    every_seed("ztoc", inputs::ztoc);
}

#[test]
fn seeds_of_soci_index() {
    every_seed("soci-index", inputs::soci_index);
}

#[test]
fn seeds_of_verify() {
    every_seed("verify", inputs::verify);
}
