//! No input makes the reader panic: the texts of all cases, damaged in random ways.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use proptest::prelude::*;

use super::Request;
use super::files::{File, Files};
use super::load::load_texts;
use super::parse::Syntax;

/// The bake files of all cases.
static TEXTS: LazyLock<Vec<(Syntax, String)>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
    let mut texts = Vec::new();
    for area in ["bake", "config"] {
        for case in fs::read_dir(root.join(area)).unwrap() {
            let case = case.unwrap().path();
            for file in fs::read_dir(&case).into_iter().flatten() {
                let path = file.unwrap().path();
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let syntax = match name.rsplit('.').next() {
                    Some("hcl") => Syntax::Hcl,
                    Some("json") if !name.starts_with("expected") => Syntax::Json,
                    _ => continue,
                };
                texts.push((syntax, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    texts.sort_by(|(_, a), (_, b)| a.cmp(b));
    texts
});

/// Pieces of the language that are put where they do not belong.
const PIECES: [&str; 36] = [
    "${",
    "}",
    "%{ if ",
    "%{ endif }",
    "~}",
    "\"",
    "{",
    "[",
    "]",
    "(",
    ")",
    "...",
    "[*]",
    ".*",
    ".",
    ",",
    "=",
    "=>",
    "? :",
    "<<EOT\n",
    "<<-EOT\n",
    "\nEOT\n",
    "null",
    "1e308",
    "-",
    "!",
    "&&",
    "for x in",
    "target.default.tags",
    "\\u{d800}",
    "\\",
    "\r",
    "\u{feff}",
    "\u{65e5}",
    "e\u{301}",
    "\0",
];

#[derive(Clone, Debug)]
enum Damage {
    Remove {
        at: usize,
        length: usize,
    },
    Insert {
        at: usize,
        piece: usize,
    },
    Copy {
        from: usize,
        length: usize,
        to: usize,
    },
    Cut {
        at: usize,
    },
}

fn damage() -> impl Strategy<Value = Damage> {
    let place = 0..10_000_usize;
    prop_oneof![
        (place.clone(), 0..20_usize).prop_map(|(at, length)| Damage::Remove { at, length }),
        (place.clone(), 0..PIECES.len()).prop_map(|(at, piece)| Damage::Insert { at, piece }),
        (place.clone(), 0..40_usize, place.clone()).prop_map(|(from, length, to)| Damage::Copy {
            from,
            length,
            to
        }),
        place.prop_map(|at| Damage::Cut { at }),
    ]
}

fn apply(text: &str, damage: &Damage) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let count = chars.len() + 1;
    match *damage {
        Damage::Remove { at, length } => {
            let start = at % count;
            let end = (start + length).min(chars.len());
            chars.drain(start..end);
        }
        Damage::Insert { at, piece } => {
            let at = at % count;
            chars.splice(at..at, PIECES[piece].chars());
        }
        Damage::Copy { from, length, to } => {
            let start = from % count;
            let end = (start + length).min(chars.len());
            let copied: Vec<char> = chars[start..end].to_vec();
            let to = to % count;
            chars.splice(to..to, copied);
        }
        Damage::Cut { at } => chars.truncate(at % count),
    }
    chars.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_read_or_refused(
        index in any::<prop::sample::Index>(),
        damages in prop::collection::vec(damage(), 1..4),
    ) {
        let (syntax, text) = index.get(&TEXTS[..]);
        let text = damages.iter().fold(text.clone(), |text, damage| apply(&text, damage));
        let request = Request {
            targets: vec!["*".to_owned()],
            local_platform: "linux/amd64".to_owned(),
            ..Request::default()
        };
        let file = File { path: "damaged".into(), text, syntax: Some(*syntax) };
        let files = Files { files: vec![file], warnings: Vec::new() };
        // Errors are rendered too: a range outside of the text would show there.
        match load_texts(&request, files) {
            Ok(bake) => prop_assert!(!bake.print_text().is_empty()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// Depth within the parser's limits, and beyond them.
#[test]
fn deep_nesting_is_refused_and_does_not_overflow() {
    let line = |index: usize| {
        let before = format!("V{}", index - 1);
        format!("variable \"V{index}\" {{ default = \"${{{before}}}\" }}")
    };
    let mut chain: Vec<String> = (1..=2_000).map(line).collect();
    chain.push("variable \"V0\" { default = 1 }\ntarget \"default\" {}".to_owned());
    for text in [
        format!(
            "target \"default\" {{ args = {{ A = {}1{} }} }}",
            "(".repeat(60),
            ")".repeat(60)
        ),
        format!("A = {}1", "-".repeat(100_000)),
        format!("A = {}", "[".repeat(100_000)),
        format!("A = {}1", "1 + ".repeat(100_000)),
        format!("A = \"{}", "${\"".repeat(10_000)),
        format!("A = x{}", "[*].a".repeat(10_000)),
        format!("A = {{a = 1}}{}", "[*]".repeat(5_000)),
        "a {\n".repeat(100_000),
        chain.join("\n"),
    ] {
        let file = File {
            path: "deep".into(),
            text,
            syntax: Some(Syntax::Hcl),
        };
        let files = Files {
            files: vec![file],
            warnings: Vec::new(),
        };
        // Whether it is refused depends on the limits; that this returns is the test.
        let _ = load_texts(&Request::default(), files).map(|bake| bake.print_text());
    }
}
