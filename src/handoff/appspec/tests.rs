use proptest::prelude::*;

use super::node::Node;
use super::*;
use crate::config::{AppspecFormat, CapacityProvider};

fn template(text: &str) -> Template {
    Template {
        path: "appspec.yaml".into(),
        text: text.to_owned(),
    }
}

fn every(node: &Node, each: &mut impl FnMut(&Node)) {
    each(node);
    match &node.kind {
        node::Kind::List(nodes) => nodes.iter().for_each(|node| every(node, each)),
        node::Kind::Map(members) => {
            for (key, value) in members {
                each(key);
                every(value, each);
            }
        }
        node::Kind::Scalar { .. } => {}
    }
}

#[test]
fn scalars_know_their_bytes() {
    let text = "ü: '8''0' # c\n\"b\\\"\": [x y , \"z\"]\nc: 1.0  # d\nd: &p 80\ne: *p\n";
    let root = node::from_yaml(&template(text)).unwrap();
    let mut found = Vec::new();
    every(&root, &mut |node| {
        if let node::Kind::Scalar {
            text: value,
            quoted,
        } = &node.kind
        {
            let raw = &text[node.range.clone()];
            found.push((raw.to_owned(), value.clone(), *quoted));
        }
    });
    let expected = [
        ("ü", "ü", false),
        ("'8''0'", "8'0", true),
        ("\"b\\\"\"", "b\"", true),
        ("x y", "x y", false),
        ("\"z\"", "z", true),
        ("c", "c", false),
        ("1.0", "1.0", false),
        ("d", "d", false),
        ("80", "80", false),
        ("e", "e", false),
        ("*p", "80", false),
    ];
    let expected = expected.map(|(raw, value, quoted)| (raw.to_owned(), value.to_owned(), quoted));
    assert_eq!(found, expected);
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    let text = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let Err(problem) = node::from_yaml(&template(&text)) else {
        panic!("accepted");
    };
    assert!(problem.location().is_some(), "{problem}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the texts of a block, the file that is made reads back as these texts.
    #[test]
    fn what_is_generated_reads_back(
        container in "\\PC{1,12}",
        function in "[ -~]{1,12}",
        version in "[0-9.eE+-]{1,6}",
        json in any::<bool>(),
    ) {
        let block = AppspecBlock {
            container: container.clone(),
            port: 80,
            platform_version: Some(version.clone()),
            capacity_providers: [("FARGATE".to_owned(), CapacityProvider {
                base: Some(1),
                weight: Some(1),
            })].into(),
            hooks: [("BeforeInstall".to_owned(), function.clone())].into(),
            format: if json { AppspecFormat::Json } else { AppspecFormat::Yaml },
            ..AppspecBlock::default()
        };
        let file = generate::file(&block);
        let template = template(std::str::from_utf8(&file.contents).unwrap());
        let root = if json { node::from_json(&template) } else { node::from_yaml(&template) };
        let mut texts = Vec::new();
        every(&root.unwrap(), &mut |node| texts.extend(node.text().map(str::to_owned)));
        for text in [container, function, version] {
            prop_assert!(texts.contains(&text), "{text:?} not in {texts:?}\n{}", template.text);
        }
    }

    /// No text makes the check panic, and a text without anything to mend stays as it is.
    #[test]
    fn any_text_is_judged(text in "([a-zA-Z: \\-\\[\\]{}'\"\n&*!|>#0-9ü<]|version: 0.0\n|Resources:|  - ){0,60}") {
        if let Ok(root) = node::from_yaml(&template(&text)) {
            let found = check::check(&root, None);
            if found.warnings.is_empty() {
                prop_assert_eq!(check::mended(&text, found.mends), text);
            }
        }
    }
}
