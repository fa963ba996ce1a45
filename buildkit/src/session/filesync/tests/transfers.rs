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
