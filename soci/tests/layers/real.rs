//! Real layers: trees of Debian packages for both architectures, compressed by everything that
//! compresses layers in practice (scripts/layers.sh makes them).

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use launchway_soci::DEFAULT_SPAN_SIZE;

use crate::index::{check, index, verify};
use crate::oracle::{Library, part, reads_back};
use crate::workers::for_each;

fn layers() -> Vec<PathBuf> {
    let mut layers: Vec<PathBuf> = fs::read_dir(part("layers"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_string_lossy().contains(".tar"))
        .collect();
    layers.sort();
    layers
}

#[test]
fn there_are_layers_of_every_kind() {
    let names: Vec<String> = layers()
        .iter()
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(names.len() >= 8, "{names:?}");
    for kind in [
        "amd64", "arm64", "gzip-1", "gzip-6", "gzip-9", "go-6", "pigz",
    ] {
        assert!(
            names.iter().any(|name| name.contains(kind)),
            "no {kind} in {names:?}"
        );
    }
}

#[test]
fn ztocs_of_real_layers_are_byte_for_byte_the_official_ones() {
    for_each(&layers(), |layer| {
        let name = layer.file_name().unwrap().to_string_lossy();
        let complain = |problem: String| format!("{name}: {problem}");
        let small = fs::metadata(layer).unwrap().len() < 30_000_000;
        let span_sizes = [DEFAULT_SPAN_SIZE, 300_000];
        // Many spans of the larger layers would only take long.
        for &span_size in &span_sizes[..if small { 2 } else { 1 }] {
            let indexed = index(layer, span_size);
            let ours = indexed
                .ztoc
                .as_ref()
                .map_err(|reason| complain(reason.to_string()))?;
            let official = Library::V0_15
                .build(layer, span_size)
                .map_err(|problem| complain(format!("the official build failed: {problem}")))?;
            if ours.bytes != official {
                return Err(complain(format!("differs, with spans of {span_size}")));
            }
            check(layer, &indexed).map_err(complain)?;
        }
        Ok(())
    });
}

#[test]
fn ztocs_of_real_layers_read_back_in_old_and_new_snapshotters() {
    for_each(&layers(), |layer| {
        let name = layer.file_name().unwrap().to_string_lossy();
        let ours = index(layer, DEFAULT_SPAN_SIZE).ztoc.unwrap();
        reads_back(layer, &ours.bytes).map_err(|problem| format!("{name}: {problem}"))
    });
}

#[test]
fn a_ztoc_of_the_same_tree_compressed_otherwise_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let layer = part("layers").join("python-arm64.pigz.tar.gz");
    let again = folder.path().join("again.tar.gz");
    let status = Command::new("sh")
        .args(["-c", r#"gzip -dc "$0" | gzip -n9 > "$1""#])
        .args([&layer, &again])
        .status()
        .unwrap();
    assert!(status.success());

    let (one, other) = (index(&layer, 300_000), index(&again, 300_000));
    assert_eq!(one.diff_id, other.diff_id);
    assert_ne!(one.digest, other.digest);
    let (one, other) = (one.ztoc.unwrap().bytes, other.ztoc.unwrap().bytes);
    for (layer, own, foreign) in [(&layer, &one, &other), (&again, &other, &one)] {
        assert!(verify(layer, own).is_ok());
        let problem = verify(layer, foreign).unwrap_err();
        assert!(problem.starts_with("span 0 (bytes 10 to "), "{problem}");
    }
}
