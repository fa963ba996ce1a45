//! What `soci verify` found, for people.

use std::fmt::Write as _;

use crate::soci::verify::{LayerOutcome, LayerVerification, PlatformVerification, Verification};
use crate::ui::{Style, measure};

/// One table per platform: every layer with what was read back, then what is wrong or odd.
pub fn verification_table(verification: &Verification, style: Style) -> String {
    let mut text = format!("{}\n", style.dim(verification.digest));
    for platform in &verification.platforms {
        text.push('\n');
        platform_rows(&mut text, platform, style);
    }
    text
}

fn platform_rows(text: &mut String, platform: &PlatformVerification, style: Style) {
    let index = match &platform.soci_index {
        Some(index) => format!(
            "SOCI index {} {} by {}",
            index.version,
            index.digest.short(),
            index.build_tool
        ),
        None => "no SOCI index".to_owned(),
    };
    // Writing to a String cannot fail.
    let name = style.bold(&platform.platform);
    let _ = writeln!(text, "{name}  {}  {index}", platform.manifest.short());
    if platform.soci_index.is_some() {
        let [size, spans, members] = ["size", "spans", "members"];
        let head = format!("{size:>29}  {spans:>6}  {members:>8}");
        let _ = writeln!(text, "{}", style.dim(head));
    }
    for (number, layer) in platform.layers.iter().enumerate() {
        let _ = writeln!(text, "{}", layer_row(number + 1, layer, style));
    }
    for (number, layer) in platform.layers.iter().enumerate() {
        if let LayerOutcome::Failed { problem } = &layer.outcome {
            let label = style.red("problem:");
            let _ = writeln!(text, "  {label} layer {}: {problem}", number + 1);
        }
    }
    for problem in &platform.problems {
        let _ = writeln!(text, "  {} {problem}", style.red("problem:"));
    }
    for warning in &platform.warnings {
        let _ = writeln!(text, "  {} {warning}", style.yellow("warning:"));
    }
}

/// `   1  0123456789ab    57.0 MB     181     50987  ok`.
fn layer_row(number: usize, layer: &LayerVerification, style: Style) -> String {
    let (spans, members, outcome) = match &layer.outcome {
        LayerOutcome::NotIndexed => (String::new(), String::new(), style.dim("not indexed")),
        LayerOutcome::Verified { spans, members, .. } => {
            (spans.to_string(), members.to_string(), style.green("ok"))
        }
        LayerOutcome::Failed { .. } => (String::new(), String::new(), style.red("failed")),
    };
    let (name, size) = (layer.digest.short(), measure::bytes(layer.size));
    format!("{number:>4}  {name}  {size:>9}  {spans:>6}  {members:>8}  {outcome}")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::image::Digest;
    use crate::soci::verify::IndexSummary;

    fn layer(name: &str, size: u64, outcome: LayerOutcome) -> LayerVerification {
        LayerVerification {
            digest: Digest::of(name),
            size,
            ztoc: None,
            outcome,
        }
    }

    #[test]
    fn shows_layers_then_problems() {
        let index = IndexSummary {
            digest: Digest::of("index"),
            version: "v2",
            build_tool: "Launchway SOCI v1".to_owned(),
        };
        let verified = LayerOutcome::Verified {
            spans: 181,
            members: 50_987,
            spans_across_members: 0,
        };
        let failed = LayerOutcome::Failed {
            problem: "its zTOC sha256:… is not in the registry".to_owned(),
        };
        let good = PlatformVerification {
            platform: "linux/amd64".parse().unwrap(),
            manifest: Digest::of("amd64"),
            soci_index: Some(index.clone()),
            problems: vec![],
            warnings: vec!["the image index does not list it".to_owned()],
            layers: vec![
                layer("a", 284_912_345, verified),
                layer("b", 1200, LayerOutcome::NotIndexed),
            ],
        };
        let bad = PlatformVerification {
            platform: "linux/arm64".parse().unwrap(),
            manifest: Digest::of("arm64"),
            soci_index: None,
            problems: vec!["the annotation names nothing".to_owned()],
            warnings: vec![],
            layers: vec![layer("c", 31_000_000, failed)],
        };
        let verification = Verification {
            reference: "r.example/app:1".to_owned(),
            digest: Digest::of("top"),
            ok: false,
            platforms: vec![good, bad],
        };
        assert_snapshot!(verification_table(&verification, Style::PLAIN), @r"
        sha256:28720365c5e7476a011e4f43ac003ee5f16247a263b9d623aa85ed311d73bf39

        linux/amd64  5861314d7fcc  SOCI index v2 1bc04b5291c2 by Launchway SOCI v1
                                 size   spans   members
           1  ca978112ca1b   284.9 MB     181     50987  ok
           2  3e23e8160039     1.2 kB                    not indexed
          warning: the image index does not list it

        linux/arm64  f69162950f23  no SOCI index
           1  2e7d2c03a950    31.0 MB                    failed
          problem: layer 1: its zTOC sha256:… is not in the registry
          problem: the annotation names nothing
        ");
    }
}
