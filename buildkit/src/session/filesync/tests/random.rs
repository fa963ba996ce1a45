//! Random trees and patterns: what arrives is what a simple reference says.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;

use proptest::prelude::*;

use super::reference;
use super::*;

/// Names that sort differently by path and by component, hidden ones, spaces and accents.
const NAMES: &[&str] = &[
    "a",
    "b",
    "a-b",
    "a b",
    "a.md",
    "ab",
    "B",
    ".x",
    "-",
    "\u{e9}",
    "\u{65e5}\u{672c}.md",
    "x[1]",
];

#[derive(Debug, Clone)]
pub(super) enum Kind {
    File {
        size: usize,
        mode: u32,
    },
    Directory {
        mode: u32,
    },
    Symlink {
        target: String,
    },
    /// To one of the files made before.
    HardLink {
        to: prop::sample::Index,
    },
    Pipe,
    Socket,
}

fn name() -> impl Strategy<Value = String> {
    prop::sample::select(NAMES).prop_map(str::to_owned)
}

fn path() -> impl Strategy<Value = String> {
    prop::collection::vec(name(), 1..5).prop_map(|names| names.join("/"))
}

fn target() -> impl Strategy<Value = String> {
    let shapes = prop::sample::select(vec![
        "{}",
        "../{}",
        "/{}",
        "./x/../{}/",
        ".",
        "/",
        "..",
        "../../..",
    ]);
    (shapes, path()).prop_map(|(shape, path)| shape.replace("{}", &path))
}

fn kind() -> impl Strategy<Value = Kind> {
    let size = prop_oneof![
        3 => 0..200usize,
        1 => 65_530..65_545usize,
        1 => 0..200_000usize,
    ];
    prop_oneof![
        6 => (size, 0..=0o7777u32).prop_map(|(size, mode)| Kind::File { size, mode: mode | 0o600 }),
        3 => (0..=0o7777u32).prop_map(|mode| Kind::Directory { mode: mode | 0o700 }),
        3 => target().prop_map(|target| Kind::Symlink { target }),
        3 => any::<prop::sample::Index>().prop_map(|to| Kind::HardLink { to }),
        1 => Just(Kind::Pipe),
        1 => Just(Kind::Socket),
    ]
}

pub(super) fn tree() -> impl Strategy<Value = Vec<(String, Kind)>> {
    prop::collection::vec((path(), kind()), 0..30)
}

/// Patterns that have something to do with the names.
pub(super) fn patterns() -> impl Strategy<Value = Vec<String>> {
    let component = prop_oneof![
        4 => name().prop_map(|name| name.replace('[', "\\[")),
        2 => prop::sample::select(vec!["*", "**", "?", "a*", "*.md", "[a-b]*", "[^a]*", "*b"])
            .prop_map(str::to_owned),
    ];
    let pattern = (
        prop::bool::weighted(0.3),
        prop::collection::vec(component, 1..4),
    )
        .prop_map(|(negated, parts)| {
            format!("{}{}", if negated { "!" } else { "" }, parts.join("/"))
        });
    prop::collection::vec(pattern, 0..5)
}

/// Makes what is possible of `tree`; entries that stand in each other's way are left out.
pub(super) fn make(root: &Path, tree: &[(String, Kind)]) {
    let mut files = Vec::new();
    for (number, (path, kind)) in tree.iter().enumerate() {
        let path = root.join(path);
        // A link in the way would lead out of the tree.
        let in_the_way = |above: &Path| above.symlink_metadata().is_ok_and(|it| !it.is_dir());
        let above = path.ancestors().skip(1).take_while(|above| *above != root);
        if path.symlink_metadata().is_ok() || above.into_iter().any(in_the_way) {
            continue;
        }
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let chmod =
            |mode: u32| fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        match kind {
            Kind::File { size, mode } => {
                let line = format!("file {number} of this tree\n");
                fs::write(&path, &line.repeat(size / line.len() + 1)[..*size]).unwrap();
                chmod(*mode);
                files.push(path);
            }
            Kind::Directory { mode } => {
                fs::create_dir(&path).unwrap();
                chmod(*mode);
            }
            Kind::Symlink { target } => symlink(target, &path).unwrap(),
            Kind::HardLink { to } if !files.is_empty() => {
                fs::hard_link(to.get(&files), &path).unwrap();
            }
            Kind::HardLink { .. } => {}
            Kind::Pipe => {
                let mode = rustix::fs::Mode::RUSR;
                let fifo = rustix::fs::FileType::Fifo;
                rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, mode, 0).unwrap();
            }
            Kind::Socket => drop(UnixListener::bind(&path).unwrap()),
        }
    }
}

/// Compares everything that arrived with the files themselves.
fn assert_same(root: &Path, expected: &[String], arrived: &Received) {
    assert_eq!(arrived.paths(), {
        let mut sorted: Vec<&str> = expected.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        sorted
    });
    let mut first_names = BTreeMap::new();
    // In the order of the walk, not of the strings.
    for path in expected {
        let entry = &arrived.entries[path];
        let stat = &entry.stat;
        let full = root.join(path);
        let metadata = full.symlink_metadata().unwrap();
        let kind = metadata.file_type();
        assert_eq!(stat.mode & 0o777, metadata.mode() & 0o777, "{path}");
        assert_eq!(
            stat.mode >> 20 & 1,
            metadata.mode() >> 9 & 1,
            "sticky {path}"
        );
        assert_eq!(
            stat.mode >> 22 & 1,
            metadata.mode() >> 10 & 1,
            "setgid {path}"
        );
        assert_eq!(
            stat.mode >> 23 & 1,
            metadata.mode() >> 11 & 1,
            "setuid {path}"
        );
        assert_eq!(stat.mode >> 31 == 1, kind.is_dir(), "{path}");
        assert_eq!(stat.mode >> 27 & 1 == 1, kind.is_symlink(), "{path}");
        let mtime = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
        assert_eq!(stat.mod_time, mtime, "{path}");
        assert_eq!((stat.uid, stat.gid), (0, 0));
        let size = if kind.is_dir() { 0 } else { metadata.len() };
        assert_eq!(stat.size, i64::try_from(size).unwrap(), "{path}");
        if kind.is_symlink() {
            assert_eq!(Path::new(&stat.linkname), fs::read_link(&full).unwrap());
        } else if kind.is_file() {
            let first = first_names.entry(metadata.ino()).or_insert(path);
            if *first == path {
                assert_eq!(stat.linkname, "");
                assert!(
                    entry.content == fs::read(&full).unwrap(),
                    "content of {path}"
                );
            } else {
                assert_eq!(stat.linkname, **first, "{path}");
            }
        } else {
            assert_eq!(stat.linkname, "");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(150) })]

    #[test]
    fn what_arrives_is_what_the_patterns_say(
        tree in tree(),
        include in patterns(),
        exclude in patterns(),
        seed: u64,
    ) {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        make(root, &tree);
        let request = SendRequest {
            include: include.clone(),
            exclude: exclude.clone(),
            ..everything(root)
        };
        let expected = reference::filtered(root, &include, &exclude);
        let (sent, arrived) = transfer(request.clone(), None, Received::default(), seed);
        let (sent, arrived) = (sent.unwrap(), arrived.unwrap());
        prop_assert_eq!(sent.files, expected.len() as u64);
        assert_same(root, &expected, &arrived);

        let (again, arrived) = transfer(request, None, arrived, seed);
        prop_assert_eq!(again.unwrap().requested, 0);
        assert_same(root, &expected, &arrived.unwrap());
    }
}
