use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use launchway_soci::ztoc::EncodedZtoc;

use super::*;

const HOUR: Duration = Duration::from_hours(1);

/// What an indexer could say about the layer `name`.
fn layer(name: &str, ztoc: Result<&[u8], Unindexable>) -> IndexedLayer {
    IndexedLayer {
        digest: Digest::of(name),
        size: 1 << 30,
        diff_id: None,
        span_size: 4 << 20,
        spans: 3,
        members: 5,
        ztoc: ztoc.map(|bytes| EncodedZtoc {
            bytes: bytes.to_vec(),
            digest: Digest::of(bytes),
        }),
    }
}

fn store(limit: u64) -> (tempfile::TempDir, ZtocStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = ZtocStore::new(folder.path().join("soci/ztocs"), limit);
    (folder, store)
}

fn options() -> IndexerOptions {
    IndexerOptions::default()
}

fn file_of(known: &KnownLayer) -> &Path {
    match known {
        KnownLayer::Indexed {
            file: Some(file), ..
        } => file,
        other => panic!("no file in {other:?}"),
    }
}

fn names(store: &ZtocStore) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(&store.folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// The time of last use.
fn used_at(store: &ZtocStore, name: &str, at: SystemTime) {
    let files = store.files(Digest::of(name), &options());
    for path in [files.entry, files.ztoc] {
        if let Ok(file) = fs::File::open(path) {
            file.set_modified(at).unwrap();
        }
    }
}

fn has(store: &ZtocStore, name: &str) -> bool {
    store.files(Digest::of(name), &options()).entry.exists()
}

#[test]
fn gives_back_what_was_put_in() {
    let (_folder, store) = store(0);
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    assert_eq!(store.get(Digest::of("a"), &options()), None);
    let known = store.put(&layer("a", Ok(&bytes)), &options()).unwrap();
    let expected = KnownLayer::Indexed {
        ztoc: Digest::of(&bytes),
        size: 100_000,
        diff_id: None,
        repositories: vec![],
        file: Some(file_of(&known).to_owned()),
    };
    assert_eq!(known, expected);
    assert_eq!(store.get(Digest::of("a"), &options()), Some(expected));
    assert_eq!(fs::read(file_of(&known)).unwrap(), bytes);
}

#[test]
fn keeps_the_diff_id_where_the_indexer_knew_it() {
    let (_folder, store) = store(0);
    let mut indexed = layer("a", Ok(b"ztoc"));
    indexed.diff_id = Some(Digest::of("unpacked"));
    let known = store.put(&indexed, &options()).unwrap();
    assert!(
        matches!(known, KnownLayer::Indexed { diff_id, .. } if diff_id == indexed.diff_id),
        "{known:?}"
    );
    assert_eq!(store.get(indexed.digest, &options()), Some(known));
}

#[test]
fn looking_for_an_entry_leaves_what_another_process_is_putting() {
    let (_folder, store) = store(0);
    let indexed = layer("a", Ok(b"ztoc"));
    store.put(&indexed, &options()).unwrap();
    let files = store.files(indexed.digest, &options());
    // The other process has written the zTOC, and not yet the entry.
    let entry = fs::read(&files.entry).unwrap();
    fs::remove_file(&files.entry).unwrap();
    assert_eq!(store.get(indexed.digest, &options()), None);
    fs::write(&files.entry, entry).unwrap();
    assert!(store.get(indexed.digest, &options()).is_some());
}

#[test]
fn keeps_reasons_too_but_no_failed_self_check() {
    let (_folder, store) = store(0);
    let known = store
        .put(&layer("a", Err(Unindexable::Zstd)), &options())
        .unwrap();
    let expected = KnownLayer::LeftOut {
        reason: Unindexable::Zstd.to_string(),
    };
    assert_eq!(known, expected);
    assert_eq!(store.get(Digest::of("a"), &options()), Some(expected));

    let failed = Unindexable::SelfCheck {
        problem: "span 3".to_owned(),
    };
    let known = store.put(&layer("b", Err(failed)), &options()).unwrap();
    assert!(matches!(known, KnownLayer::LeftOut { reason } if reason.contains("span 3")));
    assert_eq!(store.get(Digest::of("b"), &options()), None);
}

#[test]
fn another_span_size_or_builder_is_another_entry() {
    let (_folder, store) = store(0);
    store.put(&layer("a", Ok(b"one")), &options()).unwrap();
    let spans = IndexerOptions {
        span_size: 1 << 20,
        ..options()
    };
    let builder = IndexerOptions {
        build_tool: "../another\nbuilder".to_owned(),
        ..options()
    };
    assert_eq!(store.get(Digest::of("a"), &spans), None);
    assert_eq!(store.get(Digest::of("a"), &builder), None);
    let other = store.put(&layer("a", Ok(b"two")), &builder).unwrap();
    assert_eq!(fs::read(file_of(&other)).unwrap(), b"two");
    let first = store.get(Digest::of("a"), &options()).unwrap();
    assert_eq!(fs::read(file_of(&first)).unwrap(), b"one");
}

#[test]
fn is_for_the_user_alone() {
    let (_folder, store) = store(0);
    store.put(&layer("a", Ok(b"one")), &options()).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&store.folder), 0o700);
    for name in names(&store) {
        assert_eq!(mode(&store.folder.join(name)), 0o600);
    }
}

#[test]
fn what_is_damaged_is_not_there_and_is_removed() {
    type Damage = fn(&Files);
    let damages: [(&str, Damage); 6] = [
        ("truncated zTOC", |files| {
            fs::write(&files.ztoc, b"zto").unwrap();
        }),
        ("other bytes", |files| {
            fs::write(&files.ztoc, b"zTOc").unwrap();
        }),
        ("no zTOC", |files| fs::remove_file(&files.ztoc).unwrap()),
        ("empty entry", |files| {
            fs::write(&files.entry, b"").unwrap();
        }),
        ("truncated entry", |files| {
            let text = fs::read(&files.entry).unwrap();
            fs::write(&files.entry, &text[..text.len() - 2]).unwrap();
        }),
        ("entry of another layer", |files| {
            let text = fs::read_to_string(&files.entry).unwrap();
            let other = Digest::of("b").to_string();
            let text = text.replace(&Digest::of("a").to_string(), &other);
            fs::write(&files.entry, text).unwrap();
        }),
    ];
    for (name, damage) in damages {
        let (_folder, store) = store(0);
        store.put(&layer("a", Ok(b"ztoc")), &options()).unwrap();
        assert!(store.get(Digest::of("a"), &options()).is_some());
        damage(&store.files(Digest::of("a"), &options()));
        assert_eq!(store.get(Digest::of("a"), &options()), None, "{name}");
        assert_eq!(names(&store), [""; 0], "{name}");
        store.put(&layer("a", Ok(b"ztoc")), &options()).unwrap();
        assert!(store.get(Digest::of("a"), &options()).is_some(), "{name}");
    }
}

#[test]
fn many_at_the_same_time_see_all_or_nothing() {
    let (_folder, store) = store(0);
    let bytes = vec![7; 300_000];
    let indexed = layer("a", Ok(&bytes));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..50 {
                    store.put(&indexed, &options()).unwrap();
                }
            });
        }
        scope.spawn(|| {
            for _ in 0..50 {
                if let Some(known) = store.get(indexed.digest, &options()) {
                    // `get` may remove an entry that is half written, never give it out.
                    assert!(matches!(known, KnownLayer::Indexed { size: 300_000, .. }));
                }
            }
        });
        scope.spawn(|| {
            for _ in 0..50 {
                let later = SystemTime::now() + 2 * HOUR;
                store.trim_at(&[], later).unwrap();
            }
        });
    });
    store.put(&indexed, &options()).unwrap();
    let known = store.get(indexed.digest, &options()).unwrap();
    assert_eq!(fs::read(file_of(&known)).unwrap(), bytes);
    assert!(names(&store).iter().all(|name| !name.starts_with(PART)));
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let store = ZtocStore::new(folder.path().join("file/ztocs"), 0);
    let error = store.put(&layer("a", Ok(b"x")), &options()).unwrap_err();
    assert!(error.to_string().ends_with("file/ztocs"), "{error}");
    assert_eq!(store.get(Digest::of("a"), &options()), None);
    assert!(store.trim(&[]).is_err());
}

#[test]
fn a_store_that_was_never_used_needs_no_trimming() {
    let (folder, store) = store(0);
    store.trim(&[]).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn trims_what_was_used_longest_ago() {
    // Five zTOCs of 1,000 bytes, each with an entry of some 300.
    let (_folder, store) = store(4_000);
    let now = SystemTime::now();
    for (age, name) in ["e", "d", "c", "b", "a"].into_iter().enumerate() {
        let bytes = name.repeat(1000);
        let put = store.put(&layer(name, Ok(bytes.as_bytes())), &options());
        put.unwrap();
        let age = u32::try_from(age).unwrap() + 2;
        used_at(&store, name, now - age * HOUR);
    }
    // `a` was used longest ago, and is used again now; `b` is kept by name.
    store.get(Digest::of("a"), &options()).unwrap();
    store.trim_at(&[Digest::of("b")], now).unwrap();
    let left: Vec<&str> = ["a", "b", "c", "d", "e"]
        .into_iter()
        .filter(|name| has(&store, name))
        .collect();
    assert_eq!(left, ["a", "b", "e"]);
    assert_eq!(names(&store).len(), 6);
}

#[test]
fn what_other_runs_may_be_using_stays() {
    let (_folder, store) = store(0);
    let now = SystemTime::now();
    store.put(&layer("a", Ok(b"recent")), &options()).unwrap();
    store.trim_at(&[], now).unwrap();
    assert!(has(&store, "a"));
    store.trim_at(&[], now + 2 * HOUR).unwrap();
    assert!(!has(&store, "a"));
    assert_eq!(names(&store), [""; 0]);
}

#[test]
fn removes_what_broken_off_writes_left_and_nothing_foreign() {
    let (_folder, store) = store(u64::MAX);
    let now = SystemTime::now();
    store.put(&layer("a", Ok(b"x")), &options()).unwrap();
    for name in [".part-old", ".part-new", "README"] {
        fs::write(store.folder.join(name), "x").unwrap();
    }
    for name in [".part-old", "README"] {
        let file = fs::File::open(store.folder.join(name)).unwrap();
        file.set_modified(now - 25 * HOUR).unwrap();
    }
    store.trim_at(&[], now).unwrap();
    assert!(has(&store, "a"));
    let left = names(&store);
    assert!(!left.contains(&".part-old".to_owned()));
    assert!(left.contains(&".part-new".to_owned()));
    assert!(left.contains(&"README".to_owned()));
}
