use super::*;
use crate::image::Digest;
use crate::soci::LayerType;

const MEBI: u64 = 1 << 20;

fn layer(name: &str, mebibytes: u64, kind: LayerType) -> LayerFacts {
    LayerFacts {
        digest: Digest::of(name),
        size: mebibytes * MEBI,
        kind,
    }
}

fn gzip(name: &str, mebibytes: u64) -> LayerFacts {
    layer(name, mebibytes, LayerType::Gzip)
}

fn index(version: Version, layers: &[&str]) -> SociFacts {
    let ztocs = layers.iter().map(|name| ZtocFacts {
        digest: Digest::of(format!("ztoc of {name}")),
        layer: Digest::of(name),
        is_there: true,
    });
    SociFacts::Index(IndexFacts {
        version,
        ztocs: ztocs.collect(),
    })
}

/// An image with which nothing is wrong.
fn good(platform: &str) -> PlatformFacts {
    PlatformFacts {
        platform: platform.parse().unwrap(),
        layers: vec![gzip("base", 200), gzip("app", 300), gzip("config", 1)],
        soci: index(Version::V2, &["base", "app"]),
        is_listed: true,
    }
}

fn facts(platforms: Vec<PlatformFacts>) -> Facts {
    Facts {
        reference: "r/app:1".to_owned(),
        registry: RegistryKind::EcrPrivate,
        is_index: true,
        strays: Vec::new(),
        soci_before_images: false,
        platforms,
    }
}

/// The codes of what is found when a good image is changed, and whether it is lazy still.
fn found(change: impl FnOnce(&mut PlatformFacts)) -> (Vec<&'static str>, bool) {
    let mut image = good("linux/amd64");
    change(&mut image);
    let explanation = explain(&facts(vec![image]));
    let codes = explanation.findings.iter().map(|finding| finding.code);
    (codes.collect(), explanation.verdicts[0].lazy)
}

#[test]
fn nothing_is_found_in_a_good_image() {
    let explanation = explain(&facts(vec![good("linux/amd64"), good("linux/arm64")]));
    assert_eq!(explanation.findings, []);
    let verdict = &explanation.verdicts[1];
    assert_eq!(verdict.platform.to_string(), "linux/arm64");
    assert_eq!(
        (verdict.lazy, verdict.lazy_layers, verdict.layers),
        (true, 2, 3)
    );
    assert_eq!(
        (verdict.lazy_bytes, verdict.bytes),
        (500 * MEBI, 501 * MEBI)
    );
}

#[test]
fn what_makes_an_image_not_lazy() {
    for (code, change) in [
        (
            "no-index",
            Box::new(|image: &mut PlatformFacts| image.soci = SociFacts::Nothing)
                as Box<dyn FnOnce(&mut PlatformFacts)>,
        ),
        (
            "unusable-index",
            Box::new(|image| {
                image.soci = SociFacts::Unusable {
                    problem: "it is gone".to_owned(),
                };
            }),
        ),
        (
            "v1-only",
            Box::new(|image| image.soci = index(Version::V1, &["base", "app"])),
        ),
        (
            "other-layers",
            Box::new(|image| image.soci = index(Version::V2, &["x", "y"])),
        ),
        (
            "missing-ztoc",
            Box::new(|image| {
                let SociFacts::Index(index) = &mut image.soci else {
                    return;
                };
                index.ztocs[1].is_there = false;
            }),
        ),
    ] {
        assert_eq!(found(change), (vec![code], false));
    }
}

#[test]
fn what_makes_an_image_less_lazy() {
    for (code, change) in [
        (
            "zstd",
            Box::new(|image: &mut PlatformFacts| {
                image.layers.push(layer("new", 90, LayerType::Zstd));
            }) as Box<dyn FnOnce(&mut PlatformFacts)>,
        ),
        (
            "unindexed-layers",
            Box::new(|image| image.layers.push(gzip("new", 90))),
        ),
        (
            "other-layers",
            Box::new(|image| image.soci = index(Version::V2, &["base", "app", "x"])),
        ),
        ("not-listed", Box::new(|image| image.is_listed = false)),
        (
            "small-layers",
            Box::new(|image| {
                let small = (0..40).map(|number| gzip(&format!("small {number}"), 9));
                image.layers.extend(small);
            }),
        ),
        (
            "small-image",
            Box::new(|image| image.layers = vec![gzip("base", 200)]),
        ),
    ] {
        // The zTOC of a layer that was taken out is one of another image.
        let (codes, lazy) = found(change);
        let codes: Vec<_> = codes
            .into_iter()
            .filter(|found| code != "small-image" || *found != "other-layers")
            .collect();
        assert_eq!((codes, lazy), (vec![code], true));
    }
}

#[test]
fn a_layer_that_cannot_be_indexed_is_said_once() {
    let (codes, lazy) = found(|image| {
        image.layers = vec![layer("base", 300, LayerType::Zstd)];
        image.soci = SociFacts::Nothing;
    });
    assert_eq!(codes, ["no-index", "zstd"]);
    assert!(!lazy);
}

#[test]
fn an_image_of_small_layers_needs_no_index() {
    let mut image = good("linux/amd64");
    image.layers = vec![gzip("a", 9), gzip("b", 1)];
    image.soci = SociFacts::Nothing;
    let explanation = explain(&facts(vec![image]));
    let findings: Vec<_> = explanation
        .findings
        .iter()
        .map(|finding| (finding.code, finding.severity, finding.remedy.is_some()))
        .collect();
    assert_eq!(findings, [("no-index", Severity::Note, false)]);
}

#[test]
fn elsewhere_nothing_is_lazy_and_the_worst_comes_first() {
    let mut facts = facts(vec![good("linux/amd64"), good("windows/amd64")]);
    facts.platforms[1].soci = SociFacts::Nothing;
    facts.platforms[0].is_listed = false;
    facts.strays = vec![Digest::of("x")];
    facts.soci_before_images = true;
    facts.registry = RegistryKind::Other {
        host: "ghcr.io".to_owned(),
    };
    let explanation = explain(&facts);
    assert!(explanation.verdicts.iter().all(|verdict| !verdict.lazy));
    let codes: Vec<_> = explanation
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    let expected = [
        "registry",
        "entry-order",
        "not-listed",
        "stray-index",
        "not-linux",
    ];
    assert_eq!(codes, expected);
    assert_eq!(explanation.findings[0].platform, None);
    assert!(explanation.findings[0].message.contains("ghcr.io"));
    let platform = explanation.findings[4].platform.as_ref();
    assert_eq!(platform.unwrap().to_string(), "windows/amd64");
}

#[test]
fn a_single_manifest_loses_its_index() {
    let mut facts = facts(vec![good("linux/amd64")]);
    facts.is_index = false;
    facts.platforms[0].is_listed = false;
    let explanation = explain(&facts);
    let codes: Vec<_> = explanation
        .findings
        .iter()
        .map(|finding| finding.code)
        .collect();
    assert_eq!(codes, ["no-image-index"]);
    assert!(explanation.verdicts[0].lazy);
}
