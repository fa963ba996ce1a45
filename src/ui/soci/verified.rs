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
    for (number, layer) in platform.layers.iter().enumerate() {
        let _ = writeln!(text, "{}", layer_row(number + 1, layer, style).trim_end());
    }
    for problem in &platform.problems {
        let _ = writeln!(text, "  {} {problem}", style.red("problem:"));
    }
    for warning in &platform.warnings {
        let _ = writeln!(text, "  {} {warning}", style.yellow("warning:"));
    }
}

/// `  1  0123456789ab   57.0 MB   14 spans   5210 members  ok`.
fn layer_row(number: usize, layer: &LayerVerification, style: Style) -> String {
    let outcome = match &layer.outcome {
        LayerOutcome::NotIndexed => style.dim("not indexed"),
        LayerOutcome::Verified { spans, members } => {
            format!("{}  {spans} spans, {members} members", style.green("ok"))
        }
        LayerOutcome::Failed { problem } => format!("{}  {problem}", style.red("failed")),
    };
    let size = measure::bytes(layer.size);
    format!(
        "{number:>3}  {}  {size:>9}  {outcome}",
        layer.digest.short()
    )
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
        assert_snapshot!(verification_table(&verification, Style::PLAIN), @"");
    }
}
