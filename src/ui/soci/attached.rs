//! What became of every layer of an image that got SOCI indexes.

use std::fmt::Write as _;

use launchway_soci::index::Version;

use crate::soci::attach::{Attached, AttachedLayer, AttachedPlatform, LayerFate, Summary};
use crate::ui::{Style, measure};

/// The layers of every platform, and what was done. For stderr: the digest is the answer.
pub fn attached_table(attached: &Attached, version: Version, style: Style) -> String {
    let mut text = String::new();
    for platform in &attached.platforms {
        platform_rows(&mut text, platform, style);
    }
    let moved: Vec<&str> = attached
        .tags
        .iter()
        .filter(|one| one.moved)
        .map(|one| one.tag.as_str())
        .collect();
    let moved = match moved.as_slice() {
        [] => "No tag has moved.".to_owned(),
        [one] => format!("The tag {one} points at it now."),
        several => format!("The tags {} point at it now.", several.join(", ")),
    };
    let conclusion = match (attached.summary, version) {
        (Summary::NothingToIndex, _) => {
            format!("No layer can be indexed, so the image stays as it is. {moved}")
        }
        (Summary::Removed, _) => {
            format!("No layer can be indexed, so the image names no SOCI index any more. {moved}")
        }
        (Summary::Unchanged, _) => {
            format!("Nothing changed: the image has these SOCI indexes. {moved}")
        }
        (Summary::Attached, Version::V2) => format!("Attached. {moved}"),
        (Summary::Attached, Version::V1) => {
            "Attached. They refer to the image, which stays as it is.".to_owned()
        }
    };
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{conclusion}");
    text
}

fn platform_rows(text: &mut String, platform: &AttachedPlatform, style: Style) {
    let _ = writeln!(text, "{}", style.bold(&platform.platform));
    if let Some(reason) = &platform.passed_over {
        let _ = writeln!(text, "  it {reason}");
        return;
    }
    for (position, layer) in platform.layers.iter().enumerate() {
        let _ = writeln!(text, "  {}", row(position + 1, layer, style));
    }
    let index = match platform.soci_index {
        Some(index) => format!("SOCI index {index}"),
        None => "no SOCI index".to_owned(),
    };
    let _ = writeln!(text, "  {}", style.dim(index));
}

fn row(number: usize, layer: &AttachedLayer, style: Style) -> String {
    let fate = match &layer.fate {
        LayerFate::Indexed {
            ztoc_size,
            spans,
            members,
            ..
        } => {
            let spans = measure::count(usize::try_from(*spans).unwrap_or(usize::MAX), "span");
            format!(
                "{}  {spans}, {} members, zTOC {}",
                style.green("indexed "),
                members,
                measure::bytes(*ztoc_size)
            )
        }
        LayerFate::Reused { ztoc_size, .. } => format!(
            "{}  zTOC {}",
            style.green("reused  "),
            measure::bytes(*ztoc_size)
        ),
        LayerFate::TooSmall => style.dim("small"),
        LayerFate::LeftOut { reason } => format!("{}  {reason}", style.yellow("left out")),
    };
    format!(
        "{number:>3}  {}  {:>9}  {fate}",
        layer.digest.short(),
        measure::bytes(layer.size)
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::image::Digest;
    use crate::soci::attach::MovedTag;

    fn layer(name: &str, size: u64, fate: LayerFate) -> AttachedLayer {
        AttachedLayer {
            digest: Digest::of(name),
            size,
            fate,
        }
    }

    fn attached(summary: Summary) -> Attached {
        let ztoc = Digest::of("ztoc");
        let layers = vec![
            layer(
                "a",
                284_912_345,
                LayerFate::Indexed {
                    ztoc,
                    ztoc_size: 21_212_345,
                    spans: 181,
                    members: 50_987,
                },
            ),
            layer(
                "b",
                31_000_000,
                LayerFate::Reused {
                    ztoc,
                    ztoc_size: 812_000,
                },
            ),
            layer("c", 1200, LayerFate::TooSmall),
            layer(
                "d",
                12_000_000,
                LayerFate::LeftOut {
                    reason: "it is compressed with zstd, which SOCI cannot index".to_owned(),
                },
            ),
        ];
        let platform = |name: &str, layers| AttachedPlatform {
            platform: name.parse().unwrap(),
            before: Digest::of("before"),
            manifest: Digest::of("after"),
            soci_index: Some(Digest::of("soci")),
            passed_over: None,
            layers,
        };
        let mut windows = platform("windows/amd64", Vec::new());
        windows.passed_over = Some("is not Linux".to_owned());
        Attached {
            repository: "r.example/app".parse().unwrap(),
            before: Digest::of("before"),
            digest: Digest::of("after"),
            summary,
            tags: vec![MovedTag {
                tag: "1".parse().unwrap(),
                moved: true,
            }],
            platforms: vec![platform("linux/amd64", layers), windows],
            warnings: Vec::new(),
        }
    }

    #[test]
    fn every_layer_has_a_row() {
        let text = attached_table(&attached(Summary::Attached), Version::V2, Style::PLAIN);
        assert_snapshot!(text, @r"
        linux/amd64
            1  ca978112ca1b   284.9 MB  indexed   181 spans, 50987 members, zTOC 21.2 MB
            2  3e23e8160039    31.0 MB  reused    zTOC 812.0 kB
            3  2e7d2c03a950     1.2 kB  small
            4  18ac3e7343f0    12.0 MB  left out  it is compressed with zstd, which SOCI cannot index
          SOCI index sha256:56ead909b0b49c61cb40d8ccdc5fa2786be56d1ff0f0daf252f08e9eef640d63
        windows/amd64
          it is not Linux
        Attached. The tag 1 points at it now.
        ");
    }

    #[test]
    fn a_second_run_says_that_nothing_changed() {
        let mut attached = attached(Summary::Unchanged);
        attached.tags[0].moved = false;
        let text = attached_table(&attached, Version::V2, Style::PLAIN);
        let last = text.lines().last().unwrap();
        let expected = "Nothing changed: the image has these SOCI indexes. No tag has moved.";
        assert_eq!(last, expected);
    }
}
