use bytes::Bytes;

use super::*;
use crate::image::{Index, Manifest, annotation, media_type};
use crate::registry::fault::{Fault, FaultRegistry, Requests};
use crate::soci::testing::{client, registry};

const REPOSITORY: &str = "shop/web";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A layer of so many megabytes.
fn layer(name: &str, megabytes: u64) -> Descriptor {
    Descriptor::new(LAYER, Digest::of(name), megabytes << 20)
}

fn entry(layer: &Descriptor, span_size: u64) -> ZtocEntry {
    ZtocEntry {
        digest: ztoc_of(layer.digest),
        size: content_of(layer.digest).len() as u64,
        layer: layer.digest,
        layer_media_type: layer.media_type.clone(),
        span_size,
        annotations: BTreeMap::new(),
    }
}

fn ztoc_of(layer: Digest) -> Digest {
    Digest::of(content_of(layer))
}

fn content_of(layer: Digest) -> String {
    format!("zTOC of {layer}")
}

fn soci_index(layers: &[&Descriptor], options: &SociOptions) -> SociIndex {
    let ztocs = layers.iter().map(|l| entry(l, options.span_size)).collect();
    SociIndex::v2(&options.build_tool, ztocs)
}

/// An image of these layers; `named` is the SOCI index that its annotation names.
fn manifest(layers: &[&Descriptor], named: Option<Digest>) -> Manifest {
    let text = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": Descriptor::new(media_type::OCI_CONFIG, Digest::of("config"), 6),
        "layers": layers,
        "annotations": named.map(|named| BTreeMap::from([(IMAGE_ANNOTATION, named)])).unwrap_or_default(),
    });
    serde_json::from_value(text).unwrap()
}

/// A registry with one image of two platforms' worth of indexes.
struct Shop {
    registry: FaultRegistry,
    /// The top document.
    descriptor: Descriptor,
    bytes: Bytes,
    options: SociOptions,
}

impl Shop {
    /// One image for each list of (layers, index); the index, if any, stands in the image index,
    /// and the registry has its zTOCs.
    async fn new(images: &[(&[&Descriptor], Option<SociIndex>)]) -> Self {
        let registry = registry().await;
        let mut entries = Vec::new();
        let mut soci_entries = Vec::new();
        for (number, (layers, index)) in images.iter().enumerate() {
            let mut named = None;
            if let Some(index) = index {
                for entry in &index.ztocs {
                    registry.add_blob(REPOSITORY, content_of(entry.layer));
                }
                let kind = media_type::OCI_MANIFEST;
                let stored = registry.add_manifest(REPOSITORY, None, kind, index.to_bytes());
                named = Some(stored.digest);
                soci_entries.push(stored);
            }
            let bytes = serde_json::to_vec(&manifest(layers, named)).unwrap();
            let mut image =
                registry.add_manifest(REPOSITORY, None, media_type::OCI_MANIFEST, bytes);
            image.platform = Some(format!("linux/arch{number}").parse().unwrap());
            if let Some(entry) = soci_entries.last_mut().filter(|_| named.is_some()) {
                entry.artifact_type = Some(Version::V2.artifact_type().to_owned());
                entry.annotations.insert(
                    annotation::SOCI_IMAGE_DIGEST.to_owned(),
                    image.digest.to_string(),
                );
            }
            entries.push(image);
        }
        entries.extend(soci_entries);
        let index = Index::assemble(entries, BTreeMap::new()).unwrap();
        let bytes = Bytes::from(index.to_bytes().unwrap());
        let descriptor =
            registry.add_manifest(REPOSITORY, None, media_type::OCI_INDEX, bytes.clone());
        Self {
            registry,
            descriptor,
            bytes,
            options: SociOptions::default(),
        }
    }

    async fn find(&self) -> Earlier {
        let repository = self.registry.repository(REPOSITORY);
        let (image, bytes) = (&self.descriptor, &self.bytes);
        find_known(&client(), &repository, image, bytes, &self.options).await
    }

    fn indexed(&self, layer: &Descriptor) -> KnownLayer {
        KnownLayer::Indexed {
            ztoc: ztoc_of(layer.digest),
            size: content_of(layer.digest).len() as u64,
            diff_id: None,
            repositories: vec![self.registry.repository(REPOSITORY)],
            file: None,
        }
    }
}

#[tokio::test]
async fn takes_the_ztocs_of_every_platform_and_infers_nothing_from_what_is_not_there() {
    let options = SociOptions::default();
    let (base, odd, app) = (layer("base", 50), layer("odd", 60), layer("app", 20));
    let layers = [&base, &odd, &app];
    let shop = Shop::new(&[
        (&layers, Some(soci_index(&[&base, &app], &options))),
        (&[&base], Some(soci_index(&[&base], &options))),
    ])
    .await;
    let found = shop.find().await;
    assert_eq!(found.warnings, [""; 0]);
    assert_eq!(found.known.get(base.digest), Some(&shop.indexed(&base)));
    assert_eq!(found.known.get(app.digest), Some(&shop.indexed(&app)));
    assert_eq!(found.known.get(odd.digest), None);
    // Two indexes, two zTOCs.
    assert_eq!(shop.image_requests(), 4);
}

#[tokio::test]
async fn a_ztoc_that_the_registry_lost_is_not_known() {
    let options = SociOptions::default();
    let (base, app) = (layer("base", 50), layer("app", 20));
    let index = soci_index(&[&base, &app], &options);
    let shop = Shop::new(&[(&[&base, &app], Some(index))]).await;
    let head = |layer: &Descriptor| Requests::new("HEAD", &ztoc_of(layer.digest).to_string());
    let gone = || Fault::refuse(404, "BLOB_UNKNOWN", "blob unknown to registry");
    shop.registry.fail(head(&base), gone(), 1);
    let found = shop.find().await;
    assert_eq!(found.known.get(base.digest), None);
    assert_eq!(found.known.get(app.digest), Some(&shop.indexed(&app)));
    let [warning] = found.warnings.as_slice() else {
        panic!("{:?}", found.warnings);
    };
    let lost = ztoc_of(base.digest).to_string();
    assert!(warning.ends_with(&lost), "{warning}");

    // Where that cannot be seen, nothing is believed either.
    shop.registry.fail(head(&base), Fault::unavailable(), 1);
    let found = shop.find().await;
    assert_eq!(found.known.get(base.digest), None);
    assert_eq!(found.known.get(app.digest), Some(&shop.indexed(&app)));
    assert_eq!(found.warnings.len(), 1);
    assert!(found.warnings[0].contains("503"), "{:?}", found.warnings);
}

impl Shop {
    /// All but the client's greeting.
    fn image_requests(&self) -> usize {
        self.registry.count(&Requests::new("*", "/shop/"))
    }

    fn descriptor_of_image(&self) -> Digest {
        let index = Document::parse(media_type::OCI_INDEX, &self.bytes).unwrap();
        let index = index.into_index().unwrap();
        index.images().next().unwrap().digest
    }
}

#[tokio::test]
async fn believes_no_other_builder_and_no_other_spans() {
    let base = layer("base", 50);
    let other = layer("other", 50);
    let builder = SociOptions {
        build_tool: "AWS SOCI CLI v0.2".to_owned(),
        ..SociOptions::default()
    };
    let spans = SociOptions {
        span_size: 1 << 20,
        ..SociOptions::default()
    };
    for options in [builder, spans] {
        let index = soci_index(&[&base], &options);
        let shop = Shop::new(&[(&[&base, &other], Some(index))]).await;
        assert_eq!(shop.find().await, Earlier::default());
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_a_warning() {
    let options = SociOptions::default();
    let base = layer("base", 50);
    let images: &[&Descriptor] = &[&base];
    let index = soci_index(&[&base], &options);
    let shop = Shop::new(&[(images, Some(index.clone()))]).await;
    let gets = Requests::new("GET", "/manifests/");
    shop.registry.fail(gets.clone(), Fault::unavailable(), 1);
    let found = shop.find().await;
    assert_eq!(found.known, KnownLayers::default());
    assert!(found.warnings[0].contains("503"), "{:?}", found.warnings);

    // Not as a snapshotter would write it.
    let repository = shop.registry.repository(REPOSITORY);
    let mut bytes = index.to_bytes();
    bytes.push(b'\n');
    let kind = media_type::OCI_MANIFEST;
    let odd = shop.registry.add_manifest(REPOSITORY, None, kind, bytes);
    let image = serde_json::to_vec(&manifest(images, Some(odd.digest))).unwrap();
    let descriptor = Descriptor::new(kind, Digest::of(&image), image.len() as u64);
    let found = find_known(&client(), &repository, &descriptor, &image, &options).await;
    assert_eq!(found.known, KnownLayers::default());
    assert!(found.warnings[0].contains("no valid SOCI index"));

    let found = find_known(&client(), &repository, &descriptor, b"{", &options).await;
    assert_eq!(found.warnings.len(), 1);
}

#[tokio::test]
async fn an_image_without_image_index_names_its_own() {
    let options = SociOptions::default();
    let (base, odd) = (layer("base", 50), layer("odd", 60));
    let shop = Shop::new(&[(&[&base, &odd], Some(soci_index(&[&base], &options)))]).await;
    let image = shop.descriptor_of_image();
    let (kind, bytes) = shop
        .registry
        .manifest(REPOSITORY, &image.to_string())
        .unwrap();
    let descriptor = Descriptor::new(kind, image, bytes.len() as u64);
    let repository = shop.registry.repository(REPOSITORY);
    let found = find_known(&client(), &repository, &descriptor, &bytes, &options).await;
    assert_eq!(found.known.get(base.digest), Some(&shop.indexed(&base)));
    assert_eq!(found.known.get(odd.digest), None);
    assert_eq!(shop.image_requests(), 2);
}

#[tokio::test]
async fn an_image_without_soci_costs_nothing() {
    let base = layer("base", 50);
    let shop = Shop::new(&[(&[&base], None)]).await;
    assert_eq!(shop.find().await, Earlier::default());
    assert_eq!(shop.image_requests(), 0);
}

#[tokio::test]
async fn v1_indexes_are_found_by_what_they_refer_to() {
    let base = layer("base", 50);
    let mut shop = Shop::new(&[(&[&base], None)]).await;
    let image = shop.descriptor_of_image();
    let index = SociIndex {
        version: Version::V1,
        subject: Some(launchway_soci::index::Subject {
            media_type: media_type::OCI_MANIFEST.to_owned(),
            digest: image,
            size: 7,
        }),
        ..soci_index(&[&base], &shop.options)
    };
    let kind = media_type::OCI_MANIFEST;
    shop.registry
        .add_manifest(REPOSITORY, None, kind, index.to_bytes());
    assert_eq!(shop.find().await, Earlier::default());
    shop.options.version = Version::V1;
    // Nobody pushed its zTOC yet.
    let found = shop.find().await;
    assert_eq!(found.known, KnownLayers::default());
    assert_eq!(found.warnings.len(), 1);
    shop.registry.add_blob(REPOSITORY, content_of(base.digest));
    let found = shop.find().await;
    assert_eq!(found.known.get(base.digest), Some(&shop.indexed(&base)));

    shop.registry
        .fail(Requests::new("GET", "/referrers/"), Fault::unavailable(), 1);
    let found = shop.find().await;
    assert_eq!(found.known, KnownLayers::default());
    assert_eq!(found.warnings.len(), 1);
}
