//! What arrives.

use super::source::Source;
use super::*;

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

#[test]
fn order_is_by_name_within_each_directory() {
    let source = Source::new(&[
        "a/x: 1",
        "a-b: 2",
        "a.c: 3",
        "a b/y: 4",
        "B: 5",
        "\u{e9}: 6",
    ]);
    let (sent, received) = received(everything(source.root()), None, Received::default());
    // The receiver has checked the order; sorted by whole paths, `a-b` would be before `a/x`.
    assert_eq!(
        received.paths(),
        ["B", "a", "a b", "a b/y", "a-b", "a.c", "a/x", "\u{e9}"]
    );
    assert_eq!(received.content("a b/y"), "4");
    assert_eq!(
        sent,
        Sent {
            files: 8,
            requested: 6,
            bytes: 6
        }
    );
}

#[test]
fn parents_come_with_what_is_included() {
    let source = Source::new(&["a/b/c/f: f", "a/b/g", "a/h", "i"]);
    let request = SendRequest {
        include: strings(&["a/b/c"]),
        ..everything(source.root())
    };
    let (_, received) = received(request, None, Received::default());
    assert_eq!(received.paths(), ["a", "a/b", "a/b/c", "a/b/c/f"]);
}

#[test]
fn a_filtered_hard_link_makes_the_next_one_the_source() {
    let source = Source::new(&["a: text", "b => a", "c/d => a"]);
    let all = received(everything(source.root()), None, Received::default()).1;
    assert_eq!(all.entries["b"].stat.linkname, "a");
    assert_eq!(all.entries["c/d"].stat.linkname, "a");
    let request = SendRequest {
        exclude: strings(&["a"]),
        ..everything(source.root())
    };
    let (sent, some) = received(request, None, Received::default());
    assert_eq!(some.content("b"), "text");
    assert_eq!(some.entries["b"].stat.linkname, "");
    assert_eq!(some.entries["c/d"].stat.linkname, "b");
    assert_eq!(sent.requested, 1);
}

#[test]
fn an_unchanged_tree_is_not_requested_again() {
    let source = Source::new(&["a/x: 1", "b: 2", "c -> b", "d => b"]);
    let (first, before) = received(everything(source.root()), None, Received::default());
    assert_eq!(first.requested, 2);
    let (second, after) = received(everything(source.root()), None, before);
    assert_eq!((second.files, second.requested, second.bytes), (5, 0, 0));
    assert_eq!(after.content("b"), "2");
}

/// Replaces the content of `f` but neither its size nor its time: first as a new file that takes
/// its place, then in the file itself. This is moby/buildkit#4950.
fn change_behind_the_same_time(source: &Source, in_place: bool, content: &str) {
    if !in_place {
        std::fs::remove_file(source.root().join("f")).unwrap();
        // Its inode is not to be used for the new file.
        source.add("holder");
    }
    source.add(&format!("f: {content}"));
    source.set_mtime("f", 1_700_000_000_000_000_000);
}

#[test]
fn new_content_behind_the_same_time_arrives() {
    for in_place in [false, true] {
        let records = tempfile::tempdir().unwrap();
        let open = || Some(SendRecord::open(records.path(), "key"));
        let source = Source::new(&["f: old", "other: 1", "link => f"]);
        source.set_mtime("f", 1_700_000_000_000_000_000);
        settle();

        let request = || everything(source.root());
        let (_, before) = received(request(), open().as_ref(), Received::default());
        assert_eq!(before.content("f"), "old");
        assert_eq!(before.entries["f"].stat.mod_time, 1_700_000_000_000_000_000);

        change_behind_the_same_time(&source, in_place, "new");
        settle();
        let without = received(request(), None, before.clone()).1;
        assert_eq!(
            without.content("f"),
            "old",
            "nothing but the record would notice"
        );

        let (sent, after) = received(request(), open().as_ref(), before);
        assert_eq!(after.content("f"), "new");
        assert_eq!(
            after.entries["f"].stat.mod_time / 1_000_000_000,
            1_700_000_000
        );
        let expected = if in_place { 1 } else { 3 };
        assert_eq!(
            sent.requested, expected,
            "f, and what a replaced f brought along"
        );
        if in_place {
            // Both names have one inode on the other side too.
            let [f, link] = ["f", "link"].map(|path| after.entries[path].stat.mod_time);
            assert_eq!(f, link);
        }

        let (sent, after) = received(request(), open().as_ref(), after);
        assert_eq!(sent.requested, 0, "stable from now on");
        assert_eq!(after.content("f"), "new");
    }
}

#[test]
fn a_touched_file_is_sent_with_its_true_time() {
    let records = tempfile::tempdir().unwrap();
    let record = SendRecord::open(records.path(), "key");
    let source = Source::new(&["f: text", "g: text"]);
    settle();
    let (_, before) = received(
        everything(source.root()),
        Some(&record),
        Received::default(),
    );
    source.set_mtime("f", 5);
    let (sent, after) = received(everything(source.root()), Some(&record), before);
    assert_eq!(sent.requested, 1);
    assert_eq!(after.entries["f"].stat.mod_time, 5);
}

/// Waits until the files are old enough to be trusted by a record.
fn settle() {
    std::thread::sleep(std::time::Duration::from_millis(30));
}
