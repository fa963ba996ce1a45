use super::*;
use crate::image::media_type;

const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MIB: u64 = 1 << 20;

fn layer(name: &str, size: u64) -> Descriptor {
    Descriptor::new(GZIP, Digest::of(name), size)
}

fn entry(layer: &Descriptor, ztoc: &str) -> ZtocEntry {
    ZtocEntry {
        digest: Digest::of(ztoc),
        size: layer.size / 20,
        layer: layer.digest,
        layer_media_type: layer.media_type.clone(),
        span_size: 4 * MIB,
        annotations: BTreeMap::new(),
    }
}

fn image(layers: &[&Descriptor]) -> PlatformImage {
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "config": Descriptor::new(media_type::OCI_CONFIG, Digest::of("config"), 6),
        "layers": layers,
    });
    let name: String = layers
        .iter()
        .map(|layer| layer.digest.to_string())
        .collect();
    PlatformImage {
        platform: "linux/amd64".parse().unwrap(),
        descriptor: Descriptor::new(media_type::OCI_MANIFEST, Digest::of(name), 500),
        bytes: bytes::Bytes::new(),
        manifest: serde_json::from_value(manifest).unwrap(),
        config: bytes::Bytes::new(),
        diff_ids: vec![],
    }
}

fn found(ztocs: Vec<ZtocEntry>) -> Found {
    Found::Index {
        digest: Digest::of("index"),
        size: 700,
        index: SociIndex::v2("someone", ztocs),
    }
}

/// Whether a layer is lazy, and if not, why.
fn states(inspection: &ImageInspection) -> Vec<&str> {
    let layers = inspection.layers.iter();
    layers
        .map(|layer| match &layer.state {
            LayerState::Indexed { .. } => "indexed",
            LayerState::Unusable { problem, .. } => problem.as_str(),
            LayerState::NotIndexed { reason } => reason.as_str(),
        })
        .collect()
}

#[test]
fn says_why_a_layer_is_not_indexed() {
    let indexed = layer("indexed", 50 * MIB);
    let mut zstd = layer("zstd", 80 * MIB);
    zstd.media_type = "application/vnd.oci.image.layer.v1.tar+zstd".to_owned();
    let mut foreign = layer("foreign", 80 * MIB);
    foreign.media_type = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".to_owned();
    let (small, medium) = (layer("small", MIB), layer("medium", 20 * MIB));
    let odd = layer("odd", 60 * MIB);
    let image = image(&[&indexed, &zstd, &foreign, &small, &medium, &odd]);
    let found = found(vec![entry(&indexed, "ztoc")]);
    let inspection = describe(&image, &found, &Contents::new());
    assert_eq!(
        states(&inspection),
        [
            "indexed",
            "it is compressed with zstd, which SOCI cannot index",
            "it is not kept in the registry (a foreign layer)",
            "it is small",
            "it is smaller than every indexed layer",
            "its builder left it out",
        ]
    );
    let expected = Sums {
        layers: 6,
        bytes: 291 * MIB,
        indexed_layers: 1,
        indexed_bytes: 50 * MIB,
        ztoc_bytes: 50 * MIB / 20,
    };
    assert_eq!(inspection.sums, expected);
    let LayerState::Indexed { ztoc } = &inspection.layers[0].state else {
        panic!("the first layer is indexed");
    };
    assert!((ztoc.overhead_percent - 5.0).abs() < 0.01);

    let inspection = describe(&image, &Found::Nothing, &Contents::new());
    let reasons = states(&inspection);
    assert_eq!(
        reasons[0],
        "there is no SOCI index, though it is large enough for one"
    );
    assert_eq!(reasons[3], "it is small");
}

#[test]
fn entries_that_nobody_uses_are_listed() {
    let (here, gone) = (layer("here", 50 * MIB), layer("gone", 50 * MIB));
    let image = image(&[&here]);
    let ztocs = vec![
        entry(&here, "first"),
        entry(&gone, "gone"),
        entry(&here, "last"),
    ];
    let inspection = describe(&image, &found(ztocs), &Contents::new());
    let LayerState::Indexed { ztoc } = &inspection.layers[0].state else {
        panic!("the layer is indexed");
    };
    assert_eq!(ztoc.digest, Digest::of("last"));
    let unused = inspection.soci_index.unwrap().unused_ztocs;
    let unused: Vec<Digest> = unused.iter().map(|one| one.digest).collect();
    assert_eq!(unused, [Digest::of("first"), Digest::of("gone")]);
}

#[test]
fn a_ztoc_that_is_wrong_makes_no_layer_lazy() {
    let layer = layer("here", 50 * MIB);
    let key = (Digest::of("ztoc"), layer.digest);
    let contents = Contents::from([(key, Err("it is gone".to_owned()))]);
    let found = found(vec![entry(&layer, "ztoc")]);
    let inspection = describe(&image(&[&layer]), &found, &contents);
    assert_eq!(states(&inspection), ["it is gone"]);
    assert_eq!(inspection.sums.indexed_layers, 0);
}

#[test]
fn layers_that_platforms_share_count_once() {
    let (base, one, two) = (
        layer("base", 50 * MIB),
        layer("one", MIB),
        layer("two", MIB),
    );
    let lazy = describe(
        &image(&[&base, &one]),
        &found(vec![entry(&base, "ztoc")]),
        &Contents::new(),
    );
    let plain = describe(&image(&[&base, &two]), &Found::Nothing, &Contents::new());
    let expected = Sums {
        layers: 3,
        bytes: 52 * MIB,
        indexed_layers: 1,
        indexed_bytes: 50 * MIB,
        ztoc_bytes: 50 * MIB / 20,
    };
    assert_eq!(Sums::total(&[plain.clone(), lazy.clone()]), expected);
    assert_eq!(Sums::total(&[lazy, plain]), expected);
}

#[test]
fn indexes_that_no_image_names_are_unused() {
    let base = layer("base", 50 * MIB);
    let lazy = describe(
        &image(&[&base]),
        &found(vec![entry(&base, "ztoc")]),
        &Contents::new(),
    );
    let soci = |name: &str, about: Option<String>| {
        let kind = media_type::OCI_MANIFEST;
        let mut entry = Descriptor::new(kind, Digest::of(name), 700);
        entry.artifact_type = Some("application/vnd.amazon.soci.index.v2+json".to_owned());
        let about = about.map(|about| (annotation::SOCI_IMAGE_DIGEST.to_owned(), about));
        entry.annotations.extend(about);
        entry
    };
    let mut image = Descriptor::new(media_type::OCI_MANIFEST, lazy.manifest, 500);
    image.platform = Some("linux/amd64".parse().unwrap());
    let entries = vec![
        image,
        soci("index", Some(lazy.manifest.to_string())),
        soci("earlier", Some(lazy.manifest.to_string())),
        soci("lost", Some(Digest::of("an earlier image").to_string())),
        soci("odd", None),
    ];
    let top = Index::assemble(entries, BTreeMap::new()).unwrap();
    let unused = unused_indexes(&top, &[lazy]);
    let reasons: Vec<&str> = unused.iter().map(|one| one.reason.as_str()).collect();
    assert_eq!(unused.len(), 3, "{reasons:?}");
    assert!(reasons[0].contains("does not name it"), "{reasons:?}");
    assert!(reasons[1].contains("has no image"), "{reasons:?}");
    assert_eq!(reasons[2], "no image names it");
}
