//! Against indexes that the official library made (`testdata/index`).

use std::fs;
use std::path::Path;

use super::*;

fn official(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/index")
        .join(name);
    fs::read_to_string(path).unwrap()
}

fn parse(text: &str) -> Result<SociIndex, String> {
    SociIndex::parse(text.as_bytes()).map_err(|error| error.problem)
}

#[test]
fn official_indexes_are_read_and_written_again_byte_for_byte() {
    for (name, version) in [
        ("v1.json", Version::V1),
        ("v2.json", Version::V2),
        ("prefetch.json", Version::V2),
    ] {
        let text = official(name);
        let index = parse(&text).unwrap();
        assert_eq!(index.version, version, "{name}");
        assert_eq!(index.ztocs.len(), 3, "{name}");
        assert_eq!(index.subject.is_some(), version == Version::V1, "{name}");
        assert_eq!(String::from_utf8(index.to_bytes()).unwrap(), text);
    }
}

#[test]
fn what_this_crate_builds_is_what_the_official_tool_builds() {
    for name in ["v1.json", "v2.json"] {
        let text = official(name);
        let read = parse(&text).unwrap();
        let ztocs = read.ztocs.clone();
        let built = match read.subject {
            Some(subject) => SociIndex::v1("AWS SOCI CLI v0.2", ztocs, subject),
            None => SociIndex::v2("AWS SOCI CLI v0.2", ztocs),
        };
        assert_eq!(String::from_utf8(built.to_bytes()).unwrap(), text);
    }
    let ztoc = EncodedZtoc::new(b"a zTOC".to_vec());
    let entry = ZtocEntry::new(&ztoc, Digest::of("a layer"), "a/type", 4096);
    let index = SociIndex::v2("a tool", vec![entry]);
    assert_eq!(SociIndex::parse(&index.to_bytes()), Ok(index));
}

#[test]
fn optional_entries_and_annotations_are_told_apart() {
    let index = parse(&official("prefetch.json")).unwrap();
    assert_eq!(index.build_tool, "<tool> & \"co\" é\u{2028}\u{1}\\");
    let [prefetch] = index.others.as_slice() else {
        panic!("{:?}", index.others);
    };
    assert_eq!(prefetch.media_type, PREFETCH_MEDIA_TYPE);
    assert_eq!(prefetch.layer(), Some(index.ztocs[1].layer));
    let disabled: Vec<bool> = index.ztocs.iter().map(ZtocEntry::disables_xattrs).collect();
    assert_eq!(disabled, [true, true, false]);
}

#[test]
fn every_other_way_to_write_it_is_refused() {
    let text = official("v2.json");
    let cases = [
        (format!("{text}\n"), "byte 1477 begins `\\n`"),
        (format!(" {text}"), "byte 0 begins ` {"),
        (text.replace(r#"":""#, r#"": ""#), "begins ` \"application"),
        (
            text.replacen(r#","layers""#, r#","artifactType":"x","layers""#, 1),
            "unknown field `artifactType`",
        ),
        (
            text.replacen(r#""size":2}"#, r#""size":2,"urls":[]}"#, 1),
            "unknown field `urls`",
        ),
        (
            text.replace("AWS SOCI", "AWS & SOCI"),
            r#"begins `& SOCI CLI v0.2"}}`, and would begin `\u0026"#,
        ),
        (text.replace("AWS", r"\u0041WS"), "would begin `AWS SOCI"),
        (text.replace(".span-size", ".Span-size"), "no annotation"),
        (text.replace("\"4096\"", "\"04096\""), "would begin `4096"),
        (text.replace("\"4096\"", "\"4 KiB\""), "span-size=4 KiB"),
        (
            text.replacen("index.v2+json", "index.v3+json", 1),
            "not a SOCI index of version 1 or 2",
        ),
        (
            text.replacen(
                "application/vnd.amazon.soci.index.v2+json",
                "application/vnd.oci.empty.v1+json",
                1,
            ),
            "`application/vnd.oci.empty.v1+json`, not a SOCI index",
        ),
        (text.replacen("44136f", "44136e", 1), "not the empty object"),
        (
            text.replacen("\"size\":2", "\"size\":3", 1),
            "would begin `2",
        ),
        (text.replacen("sha256:b", "sha512:b", 1), "sha512:b"),
        (
            text.replacen("\"schemaVersion\":2", "\"schemaVersion\":1", 1),
            "schema version 1",
        ),
        (text.replace("-tool-", "-tools-"), "no annotation"),
        (text[..text.len() - 1].to_owned(), "EOF"),
        (String::new(), "EOF"),
    ];
    for (changed, expected) in cases {
        assert_ne!(changed, text, "{expected}");
        let problem = parse(&changed).unwrap_err();
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
}

#[test]
fn entries_out_of_order_are_refused() {
    let mut index = parse(&official("prefetch.json")).unwrap();
    let canonical = String::from_utf8(index.to_bytes()).unwrap();
    index.others.clear();
    let without = String::from_utf8(index.to_bytes()).unwrap();
    // The last entry, put in front of the others.
    let start = canonical.find(r#"{"mediaType":"application/vnd.amazon.soci.prefetch"#);
    let start = start.unwrap();
    let end = start + canonical[start..].find("}}").unwrap() + 2;
    let moved = format!(r#""layers":[{},"#, &canonical[start..end]);
    let moved = without.replacen(r#""layers":["#, &moved, 1);
    assert!(parse(&moved).unwrap_err().contains("differently"));
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(at in 0_usize..1500, byte: u8) {
        let mut bytes = official("v2.json").into_bytes();
        let at = at % bytes.len();
        bytes[at] = byte;
        if let Ok(index) = SociIndex::parse(&bytes) {
            proptest::prop_assert_eq!(index.to_bytes(), bytes);
        }
    }
}
