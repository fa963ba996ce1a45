use std::collections::HashMap;

use super::*;

const PATH: &str = "src/main.c";

fn identity(mtime: i64, size: u64, inode: u64, ctime: i64) -> Identity {
    Identity {
        mtime,
        size,
        inode,
        ctime,
    }
}

/// A pass over one file, long after its last change.
fn send(record: &Arc<SendRecord>, identity: Identity) -> i64 {
    let mut pass = record.begin();
    let sent = pass.choose(PATH, identity, || i64::MAX);
    pass.commit();
    sent
}

fn open(directory: &Path) -> Arc<SendRecord> {
    let record = SendRecord::open(directory, "key");
    assert!(record.trouble().is_none());
    record
}

#[test]
fn the_true_time_is_sent_unless_it_stands_for_something_else() {
    let directory = tempfile::tempdir().unwrap();
    #[rustfmt::skip]
    let steps = [
        // what the file is                sent   why
        (identity(1000, 5, 1, 1000),       1000,  "first"),
        (identity(1000, 5, 1, 1000),       1000,  "unchanged"),
        (identity(1000, 5, 1, 2000),       1001,  "changed in place, time restored"),
        (identity(1000, 5, 1, 2000),       1001,  "unchanged"),
        (identity(1000, 5, 2, 2000),       1002,  "replaced"),
        (identity(1000, 6, 3, 3000),       1000,  "the size tells"),
        (identity(5000, 5, 3, 4000),       5000,  "the time tells"),
        (identity(1000, 5, 2, 2000),       1002,  "exactly as it was"),
        (identity(1000, 5, 4, 9000),       1003,  "an old time again"),
        (identity(1002, 5, 5, 9000),       1004,  "a true time that was sent for another"),
    ];
    for (identity, expected, why) in steps {
        // Opened each time: it is the file that remembers.
        assert_eq!(send(&open(directory.path()), identity), expected, "{why}");
    }
}

#[test]
fn the_second_stays() {
    let directory = tempfile::tempdir().unwrap();
    let record = open(directory.path());
    assert_eq!(
        send(&record, identity(1_999_999_999, 1, 1, 1)),
        1_999_999_999
    );
    assert_eq!(
        send(&record, identity(1_999_999_999, 1, 1, 2)),
        1_000_000_000
    );
    assert_eq!(send(&record, identity(-1, 1, 1, 1)), -1);
    assert_eq!(send(&record, identity(-1, 1, 1, 2)), -SECOND);
}

#[test]
fn forgotten_variants_do_not_free_their_times() {
    let directory = tempfile::tempdir().unwrap();
    let record = open(directory.path());
    for step in 0..3 * VARIANTS {
        let step = i64::try_from(step).unwrap();
        assert_eq!(send(&record, identity(0, 1, 1, step)), step);
    }
    let state = record.state();
    assert_eq!(state.contents.histories[PATH].variants().count(), VARIANTS);
}

#[test]
fn a_file_that_just_changed_is_not_trusted() {
    let directory = tempfile::tempdir().unwrap();
    let record = open(directory.path());
    let file = identity(1000, 5, 1, 123);
    let mut pass = record.begin();
    assert_eq!(pass.choose(PATH, file, || 123 + CLOCK_RESOLUTION), 1000);
    pass.commit();
    assert_eq!(send(&record, file), 1001);
    assert_eq!(send(&record, file), 1001);

    assert!(
        identity(0, 0, 0, 5 * SECOND).is_fresh(7 * SECOND),
        "whole seconds"
    );
    assert!(!identity(0, 0, 0, 5 * SECOND + 1).is_fresh(7 * SECOND));
    assert!(
        !identity(0, 0, 0, 9 * SECOND + 1).is_fresh(7 * SECOND),
        "another clock"
    );
}

#[test]
fn a_transfer_that_failed_leaves_no_trace() {
    let directory = tempfile::tempdir().unwrap();
    let record = open(directory.path());
    drop(record.begin());
    let mut pass = record.begin();
    pass.choose(PATH, identity(1, 1, 1, 1), || i64::MAX);
    drop(pass);
    assert!(
        std::fs::read_dir(directory.path())
            .unwrap()
            .next()
            .is_none()
    );
    assert_eq!(send(&record, identity(1, 1, 2, 2)), 1);
}

#[test]
fn keys_have_their_own_files() {
    let directory = tempfile::tempdir().unwrap();
    send(&open(directory.path()), identity(1, 1, 1, 1));
    let other = SendRecord::open(directory.path(), "../other key");
    assert_eq!(send(&other, identity(1, 1, 2, 2)), 1);
    assert_eq!(send(&open(directory.path()), identity(1, 1, 2, 2)), 2);
}

#[test]
fn processes_at_the_same_time_keep_what_the_others_sent() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (open(directory.path()), open(directory.path()));
    assert_eq!(send(&one, identity(7, 1, 1, 1)), 7);
    // Neither knew of the other: one time now stands for two contents.
    assert_eq!(send(&two, identity(7, 1, 2, 2)), 7);
    let later = open(directory.path());
    assert_eq!(later.state().contents.histories[PATH].variants().count(), 2);
    assert_eq!(send(&later, identity(7, 1, 2, 2)), 8);
    assert_eq!(send(&later, identity(7, 1, 2, 2)), 8);
}

#[test]
fn entries_not_met_for_long_are_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let record = open(directory.path());
    let mut pass = record.begin();
    pass.choose("gone", identity(1, 1, 1, 1), || i64::MAX);
    pass.choose("kept", identity(1, 1, 1, 1), || i64::MAX);
    pass.commit();
    for step in 0..=i64::from(KEEP_UNSEEN) {
        let mut pass = record.begin();
        pass.choose("kept", identity(1, 1, 1, 1), || i64::MAX);
        pass.choose(PATH, identity(step, 1, 1, 1), || i64::MAX);
        pass.commit();
    }
    let reopened = open(directory.path());
    let state = reopened.state();
    let known: HashMap<_, _> = state.contents.histories.iter().collect();
    assert_eq!(known.len(), 2);
    assert!(!known.contains_key(&Box::from("gone")));
}

#[test]
fn a_damaged_record_shifts_every_time_once() {
    let directory = tempfile::tempdir().unwrap();
    send(&open(directory.path()), identity(1000, 5, 1, 1000));
    let file = open(directory.path()).file.clone();
    let intact = std::fs::read(&file).unwrap();
    let mut flipped = intact.clone();
    flipped[60] ^= 1;
    let mut longer = intact.clone();
    longer.push(0);
    let damaged: [&[u8]; 5] = [&[], b"?", &intact[..intact.len() - 1], &flipped, &longer];
    for bytes in damaged {
        std::fs::write(&file, bytes).unwrap();
        let record = SendRecord::open(directory.path(), "key");
        let trouble = record.trouble().unwrap();
        assert!(matches!(trouble, RecordError::Malformed { file: named } if named == file));
        // It may have been sent with another content before.
        let file = identity(1000, 5, 2, 2000);
        let sent = send(&record, file);
        assert!(sent > 1000 && sent < SECOND, "{sent}");
        // It is replaced, and the loss is not forgotten: other paths have no history either.
        let reopened = open(directory.path());
        assert_eq!(send(&reopened, file), sent);
        let mut pass = reopened.begin();
        let other = pass.choose("other", identity(1000, 5, 3, 1), || i64::MAX);
        assert_eq!(other, sent);
    }
}

#[test]
fn trouble_is_told_once() {
    let directory = tempfile::tempdir().unwrap();
    let blocked = directory.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let record = SendRecord::open(&blocked, "key");
    assert!(matches!(record.trouble(), Some(RecordError::Read { .. })));
    send(&record, identity(1, 1, 1, 1));
    assert!(matches!(record.trouble(), Some(RecordError::Write { .. })));
    assert!(record.trouble().is_none());
}
