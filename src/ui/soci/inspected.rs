//! What `soci inspect` found, for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::soci::inspect::{
    ImageInspection, Inspection, LayerInspection, LayerState, Sums, Unused, ZtocInspection,
};
use crate::ui::{Style, measure};

/// One table per platform, what nobody needs, and the sums.
pub fn inspection_table(inspection: &Inspection, style: Style) -> String {
    let mut text = format!("{}\n", style.dim(inspection.digest));
    for image in &inspection.platforms {
        text.push('\n');
        image_rows(&mut text, image, style);
    }
    if !inspection.unused_indexes.is_empty() {
        text.push('\n');
    }
    unused_rows(&mut text, "SOCI index", &inspection.unused_indexes, style);
    if inspection.platforms.len() > 1 {
        // Writing to a String cannot fail.
        let all = style.bold("All platforms");
        let _ = writeln!(text, "\n{all}  {}", sums(&inspection.totals));
    }
    text
}

fn image_rows(text: &mut String, image: &ImageInspection, style: Style) {
    let index = match (&image.soci_index, &image.problem) {
        (Some(index), _) => format!(
            "SOCI index {} {} by {}{}",
            index.version,
            index.digest.short(),
            index.build_tool,
            spans(image)
        ),
        (None, Some(problem)) => format!("{} {problem}", style.red("unusable SOCI index:")),
        (None, None) => style.yellow("no SOCI index"),
    };
    let name = style.bold(&image.platform);
    let _ = writeln!(text, "{name}  {}  {index}", image.manifest.short());
    if image.soci_index.is_some() {
        let [size, ztoc, spans, members] = ["size", "zTOC", "spans", "members"];
        let head = format!("{size:>29}  {ztoc:>9}  {spans:>14}  {members:>8}");
        let _ = writeln!(text, "{}", style.dim(head));
    }
    for (number, layer) in image.layers.iter().enumerate() {
        let _ = writeln!(text, "{}", layer_row(number + 1, layer, style));
    }
    let _ = writeln!(text, "  {}", style.dim(sums(&image.sums)));
    if let Some(index) = &image.soci_index {
        unused_rows(text, "zTOC", &index.unused_ztocs, style);
    }
}

/// `   1  0123456789ab   284.9 MB   21.2 MB   7.4%     181     50987`.
fn layer_row(number: usize, layer: &LayerInspection, style: Style) -> String {
    let state = match &layer.state {
        LayerState::Indexed { ztoc } => ztoc_cells(ztoc),
        LayerState::Unusable { problem, .. } => format!("{} {problem}", style.red("unusable:")),
        LayerState::NotIndexed { reason } => style.dim(format!("not indexed: {reason}")),
    };
    let (name, size) = (layer.digest.short(), measure::bytes(layer.size));
    let row = format!("{number:>4}  {name}  {size:>9}  {state}");
    row.trim_end().to_owned()
}

fn ztoc_cells(ztoc: &ZtocInspection) -> String {
    let size = measure::bytes(ztoc.size);
    let percent = format!("{:.1}%", ztoc.overhead_percent);
    let contents = ztoc.contents.as_ref();
    let spans = contents.map(|contents| contents.spans.to_string());
    let members = contents.map(|contents| contents.members.to_string());
    format!(
        "{size:>9}  {percent:>6}  {:>6}  {:>8}",
        spans.unwrap_or_default(),
        members.unwrap_or_default()
    )
}

/// `, spans of 4 MiB`.
fn spans(image: &ImageInspection) -> String {
    let sizes = image.layers.iter().filter_map(|layer| match &layer.state {
        LayerState::Indexed { ztoc } | LayerState::Unusable { ztoc, .. } => Some(ztoc.span_size),
        LayerState::NotIndexed { .. } => None,
    });
    let sizes: BTreeSet<u64> = sizes.collect();
    let sizes: Vec<String> = sizes.into_iter().map(span_size).collect();
    if sizes.is_empty() {
        return String::new();
    }
    format!(", spans of {}", sizes.join(" and "))
}

/// Span sizes are powers of two, as people set them.
fn span_size(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    const KIB: u64 = 1 << 10;
    match bytes {
        _ if bytes >= MIB && bytes.is_multiple_of(MIB) => format!("{} MiB", bytes / MIB),
        _ if bytes >= KIB && bytes.is_multiple_of(KIB) => format!("{} KiB", bytes / KIB),
        _ => format!("{bytes} B"),
    }
}

fn unused_rows(text: &mut String, what: &str, unused: &[Unused], style: Style) {
    for one in unused {
        let label = style.yellow("unused:");
        let size = measure::bytes(one.size);
        let name = one.digest.short();
        let _ = writeln!(text, "  {label} {what} {name} ({size}): {}", one.reason);
    }
}

/// `2 of 5 layers are lazy, 316.0 MB of 330.2 MB; zTOCs 22.0 MB`.
fn sums(sums: &Sums) -> String {
    let layers = measure::count(sums.layers, "layer");
    let bytes = measure::bytes(sums.bytes);
    if sums.indexed_layers == 0 {
        return format!("none of {layers} is lazy; {bytes} are downloaded before a start");
    }
    let verb = if sums.indexed_layers == 1 {
        "is"
    } else {
        "are"
    };
    format!(
        "{} of {layers} {verb} lazy, {} of {bytes}; zTOCs {}",
        sums.indexed_layers,
        measure::bytes(sums.indexed_bytes),
        measure::bytes(sums.ztoc_bytes)
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::image::Digest;
    use crate::soci::inspect::{IndexInspection, ZtocContents};

    fn layer(name: &str, size: u64, state: LayerState) -> LayerInspection {
        LayerInspection {
            digest: Digest::of(name),
            media_type: "application/vnd.oci.image.layer.v1.tar+gzip".to_owned(),
            size,
            state,
        }
    }

    fn ztoc(fetched: bool) -> ZtocInspection {
        ZtocInspection {
            digest: Digest::of("ztoc"),
            size: 21_212_345,
            overhead_percent: 7.4,
            span_size: 4 << 20,
            contents: fetched.then(|| ZtocContents {
                spans: 181,
                members: 50_987,
                uncompressed_size: 763_896_832,
                build_tool: "Launchway SOCI v1".to_owned(),
            }),
        }
    }

    #[test]
    fn shows_layers_and_what_is_kept_for_nothing() {
        let unused = Unused {
            digest: Digest::of("old"),
            size: 800_000,
            reason: "the image has no layer sha256:…".to_owned(),
        };
        let indexed = ImageInspection {
            platform: "linux/amd64".parse().unwrap(),
            manifest: Digest::of("amd64"),
            soci_index: Some(IndexInspection {
                digest: Digest::of("index"),
                size: 711,
                version: "v2",
                build_tool: "Launchway SOCI v1".to_owned(),
                unused_ztocs: vec![unused.clone()],
            }),
            problem: None,
            layers: vec![
                layer("a", 284_912_345, LayerState::Indexed { ztoc: ztoc(true) }),
                layer("b", 284_912_345, LayerState::Indexed { ztoc: ztoc(false) }),
                layer(
                    "c",
                    1200,
                    LayerState::NotIndexed {
                        reason: "it is small".to_owned(),
                    },
                ),
            ],
            sums: Sums {
                layers: 3,
                bytes: 569_825_890,
                indexed_layers: 2,
                indexed_bytes: 569_824_690,
                ztoc_bytes: 42_424_690,
            },
        };
        let plain = ImageInspection {
            platform: "linux/arm64".parse().unwrap(),
            manifest: Digest::of("arm64"),
            soci_index: None,
            problem: None,
            layers: vec![layer(
                "d",
                31_000_000,
                LayerState::NotIndexed {
                    reason: "there is no SOCI index".to_owned(),
                },
            )],
            sums: Sums {
                layers: 1,
                bytes: 31_000_000,
                ..Sums::default()
            },
        };
        let inspection = Inspection {
            reference: "r.example/app:1".to_owned(),
            digest: Digest::of("top"),
            totals: indexed.sums,
            unused_indexes: vec![unused],
            platforms: vec![indexed, plain],
        };
        assert_snapshot!(inspection_table(&inspection, Style::PLAIN), @r"
        sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39

        linux/amd64  5861314d7fcc  SOCI index v2 1bc04b5291c2 by Launchway SOCI v1, spans of 4 MiB
                                 size       zTOC           spans   members
           1  ca978112ca1b   284.9 MB    21.2 MB    7.4%     181     50987
           2  3e23e8160039   284.9 MB    21.2 MB    7.4%
           3  2e7d2c03a950     1.2 kB  not indexed: it is small
          2 of 3 layers are lazy, 569.8 MB of 569.8 MB; zTOCs 42.4 MB
          unused: zTOC cba06b5736fa (800.0 kB): the image has no layer sha256:…

        linux/arm64  f69162950f23  no SOCI index
           1  18ac3e7343f0    31.0 MB  not indexed: there is no SOCI index
          none of 1 layer is lazy; 31.0 MB are downloaded before a start

          unused: SOCI index cba06b5736fa (800.0 kB): the image has no layer sha256:…

        All platforms  2 of 3 layers are lazy, 569.8 MB of 569.8 MB; zTOCs 42.4 MB
        ");
    }

    #[test]
    fn span_sizes_are_shown_as_they_are_set() {
        assert_eq!(span_size(4 << 20), "4 MiB");
        assert_eq!(span_size(1 << 16), "64 KiB");
        assert_eq!(span_size(1000), "1000 B");
    }
}
