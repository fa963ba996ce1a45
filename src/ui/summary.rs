//! The closing summary of a run: what each image is now and why, where tags point, what went wrong
//! without failing, and where the files are. A pure function of the record.

mod parameters;
mod scan;
mod soci;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::handoff::ServiceSummary;
use crate::image::Platform;
use crate::release::record::{CacheOutcome, ImageRecord, PlatformRecord, Record};

use super::measure;
use super::style::Style;

/// Columns of the longest status, `unchanged`.
const STATUS: usize = 9;
/// Columns of a short digest.
const DIGEST: usize = 12;

/// What a summary is made of.
#[derive(Clone, Debug)]
pub struct Summary<'a> {
    /// The record of the run.
    pub record: &'a Record,
    /// The images were compared with a baseline; `bake` and `build` compare nothing.
    pub compared: bool,
    /// What was handed off, by service.
    pub services: &'a [ServiceSummary],
    /// The files that were written.
    pub files: Vec<PathBuf>,
    /// The folder of the hand-off files.
    pub output: Option<PathBuf>,
    /// The working directory; paths below it are shown relative to it.
    pub directory: &'a Path,
}

impl Summary<'_> {
    /// The summary as text, readable at 80 columns; it begins with an empty line, to stand apart
    /// from the progress above it.
    pub fn render(&self, style: Style) -> String {
        let mut text = format!("\n{}\n", style.bold(self.headline()));
        let names = self.record.images.keys().map(|name| measure::width(name));
        let names = names.max().unwrap_or_default();
        for (name, image) in &self.record.images {
            push_image(
                &mut text,
                &measure::pad(name, names),
                image,
                self.compared,
                style,
            );
        }
        self.push_caches(&mut text, style);
        self.push_services(&mut text, style);
        parameters::push(&mut text, self.record, style);
        if !self.record.warnings.is_empty() {
            let _ = writeln!(text, "\n{}", style.bold("Warnings"));
            for warning in &self.record.warnings {
                let warning = warning.trim_end().replace('\n', "\n    ");
                let _ = writeln!(text, "  {} {warning}", style.yellow("!"));
            }
        }
        self.push_files(&mut text, style);
        text
    }

    /// `Released 3 images for production in 1m12s, 2 changed since tag:production`.
    fn headline(&self) -> String {
        let record = self.record;
        let mut images = measure::count(record.images.len(), "image");
        if let Some(environment) = &record.environment {
            images.push_str(&format!(" for {environment}"));
        }
        let took = measure::duration(Duration::from_millis(record.duration_ms));
        if !self.compared {
            return format!("Pushed {images} in {took}");
        }
        let changed = record.images.values().filter(|image| image.changed).count();
        let since = match record.baseline.as_str() {
            "" | "none" => String::new(),
            baseline => format!(" since {baseline}"),
        };
        let changed = match changed {
            0 => "nothing".to_owned(),
            all if all == record.images.len() && all > 1 => "all".to_owned(),
            some => some.to_string(),
        };
        format!("Released {images} in {took}, {changed} changed{since}")
    }

    fn push_caches(&self, text: &mut String, style: Style) {
        let caches = &self.record.caches;
        if caches.is_empty() {
            return;
        }
        let count = |outcome| {
            caches
                .values()
                .filter(|cache| cache.outcome == outcome)
                .count()
        };
        let parts = [
            (count(CacheOutcome::Exported), "exported"),
            (count(CacheOutcome::Skipped), "up to date"),
            (count(CacheOutcome::Failed), "failed"),
        ];
        let parts = parts.iter().filter(|(count, _)| *count > 0);
        let parts: Vec<String> = parts
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        let _ = writeln!(text, "\n{}  {}", style.bold("Caches"), parts.join(", "));
        for (reference, cache) in caches {
            if cache.outcome == CacheOutcome::Failed {
                let error = cache.error.as_deref().unwrap_or("no reason was given");
                let _ = writeln!(text, "  {} {reference}: {error}", style.yellow("!"));
            }
        }
    }

    fn push_services(&self, text: &mut String, style: Style) {
        if self.services.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{}", style.bold("Hand-off"));
        let width = self
            .services
            .iter()
            .map(|service| measure::width(&service.service));
        let width = width.max().unwrap_or_default();
        for service in self.services {
            let name = measure::pad(&service.service, width);
            let what = match (service.changed, service.definition_changed) {
                (true, _) => format!("to deploy: {}", service.reason),
                (false, Some(_)) => "nothing to deploy".to_owned(),
                // Not a word of what to deploy: nobody knows.
                (false, None) => service.reason.clone(),
            };
            let _ = writeln!(text, "  {name}  {what}");
        }
    }

    fn push_files(&self, text: &mut String, style: Style) {
        // A folder is named once for all the files that it holds.
        let folder = self.output.as_deref().filter(|_| !self.services.is_empty());
        let single = self.files.iter().map(PathBuf::as_path);
        let paths: Vec<&Path> = single.chain(folder).collect();
        if paths.is_empty() {
            return;
        }
        let _ = writeln!(text, "\n{}", style.bold("Files"));
        for path in paths {
            let shown = path.strip_prefix(self.directory).unwrap_or(path).display();
            let slash = if folder == Some(path) { "/" } else { "" };
            let _ = writeln!(text, "  {shown}{slash}");
        }
    }
}

fn push_image(text: &mut String, name: &str, image: &ImageRecord, compared: bool, style: Style) {
    let status = match (compared, image.changed) {
        (false, _) => style.green(measure::pad("pushed", STATUS)),
        (true, true) => style.yellow(measure::pad("changed", STATUS)),
        (true, false) => style.green(measure::pad("unchanged", STATUS)),
    };
    let head = format!(
        "  {}  {status}  {}  {}",
        style.bold(name),
        image.digest.short(),
        if compared { &image.reason } else { "" }
    );
    let _ = writeln!(text, "\n{}", head.trim_end());
    let indent = measure::width(name) + 4;
    for (platform, built) in &image.platforms {
        let line = platform_line(platform, built);
        let _ = writeln!(text, "{:indent$}{}", "", line.trim_end());
    }
    push_soci(text, indent, image, style);
    if let Some(line) = scan::line(image) {
        let name = measure::pad("Scan", STATUS);
        let _ = writeln!(text, "{:indent$}{name}  {line}", "");
    }
    for reason in scan::reasons(image) {
        let _ = writeln!(text, "{:indent$}{} {reason}", "", style.yellow("!"));
    }
    for repository in std::iter::once(&image.repository).chain(&image.copies) {
        let tags = match image.tags.as_slice() {
            [] => "no tags".to_owned(),
            tags => tags.join(", "),
        };
        let line = format!("{:indent$}{repository}: {tags}", "");
        let _ = writeln!(text, "{}", style.dim(line));
    }
}

fn push_soci(text: &mut String, indent: usize, image: &ImageRecord, style: Style) {
    let mut name = soci::heading(image);
    for line in soci::lines(image) {
        let _ = writeln!(text, "{:indent$}{}  {line}", "", measure::pad(name, STATUS));
        name = "";
    }
    for (layer, reason) in soci::left_out(image) {
        let mark = style.yellow("!");
        let _ = writeln!(
            text,
            "{:indent$}{mark} layer {}: {reason}",
            "",
            layer.short()
        );
    }
}

/// `amd64      f62bb3b84187   31.2 MB    7.6s  0 of 3 steps cached`.
fn platform_line(platform: &Platform, built: &PlatformRecord) -> String {
    let name = measure::pad(&platform.tag_suffix(), STATUS);
    let size = if built.layers.is_empty() {
        String::new()
    } else {
        measure::bytes(built.layers.iter().map(|layer| layer.size).sum())
    };
    let took = measure::duration(Duration::from_millis(built.duration_ms));
    let steps = built.steps;
    let cached = if steps.total == 0 {
        String::new()
    } else {
        let total = usize::try_from(steps.total).unwrap_or(usize::MAX);
        format!(
            "{} of {} cached",
            steps.cached,
            measure::count(total, "step")
        )
    };
    let manifest = measure::pad(&built.manifest.short(), DIGEST);
    format!("{name}  {manifest}  {size:>9}  {took:>6}  {cached}")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use insta::assert_snapshot;

    use crate::image::Digest;
    use crate::release::record::{
        CacheRecord, LayerRecord, SCHEMA, SourceRecord, State, StepCount,
    };

    use super::*;

    fn platform(name: &str, megabytes: u64, seconds: u64, cached: u32) -> PlatformRecord {
        PlatformRecord {
            manifest: Digest::of(name),
            manifest_size: 700,
            config: None,
            layers: vec![LayerRecord {
                digest: Digest::of("layer"),
                size: megabytes * 1_000_000,
            }],
            soci: None,
            steps: StepCount { total: 9, cached },
            duration_ms: seconds * 1000,
        }
    }

    fn image(name: &str, changed: bool, reason: &str) -> ImageRecord {
        let repository = format!("registry.example.com/shop/{name}");
        let digest = Digest::of(name);
        let platforms = [("linux/amd64", 31, 8, 2), ("linux/arm64", 30, 95, 9)];
        let platforms = platforms.map(|(platform_name, size, time, cached)| {
            let key = format!("{name}{platform_name}");
            (
                platform_name.parse().unwrap(),
                platform(&key, size, time, cached),
            )
        });
        ImageRecord {
            reference: format!("{repository}@{digest}"),
            repository,
            digest,
            media_type: String::new(),
            size: 900,
            tags: vec!["1.4.0".to_owned(), "production".to_owned()],
            changed,
            reason: reason.to_owned(),
            baseline: None,
            copies: Vec::new(),
            platforms: platforms.into(),
            scan: None,
        }
    }

    fn record(images: Vec<(&str, ImageRecord)>) -> Record {
        let images: BTreeMap<String, ImageRecord> = images
            .into_iter()
            .map(|(name, image)| (name.to_owned(), image))
            .collect();
        Record {
            schema: SCHEMA.to_owned(),
            launchway: "0.1.0".to_owned(),
            state: State::Complete,
            started_at: "2026-03-02T09:00:00Z".to_owned(),
            completed_at: None,
            duration_ms: 102_000,
            environment: None,
            source: SourceRecord::default(),
            baseline: "tag:production".to_owned(),
            changed: images.values().any(|image| image.changed),
            images,
            caches: BTreeMap::new(),
            warnings: Vec::new(),
            parameters: BTreeMap::new(),
            services: BTreeMap::new(),
        }
    }

    fn render(record: &Record, compared: bool, services: &[ServiceSummary]) -> String {
        let summary = Summary {
            record,
            compared,
            services,
            files: vec![
                "/shop/launchway-out/release.json".into(),
                "/tmp/release.env".into(),
            ],
            output: Some("/shop/launchway-out".into()),
            directory: Path::new("/shop"),
        };
        summary.render(Style::PLAIN)
    }

    #[test]
    fn a_release_with_everything() {
        let mut record = record(vec![
            (
                "api",
                image("api", true, "2 of 5 layers differ on linux/amd64"),
            ),
            (
                "batch",
                image("batch", false, "same layers and configuration"),
            ),
        ]);
        record.images.get_mut("api").unwrap().copies = vec!["mirror.example.com/api".to_owned()];
        let cache = |outcome, error: Option<&str>| CacheRecord {
            outcome,
            error: error.map(str::to_owned),
        };
        record.caches = [
            ("r/cache:api-amd64", cache(CacheOutcome::Exported, None)),
            (
                "r/cache:api-arm64",
                cache(CacheOutcome::Failed, Some("access was denied")),
            ),
            ("r/cache:batch-amd64", cache(CacheOutcome::Skipped, None)),
        ]
        .map(|(reference, cache)| (reference.to_owned(), cache))
        .into();
        record.warnings = vec!["the tag latest was not moved\nit is immutable".to_owned()];
        let services = [
            ServiceSummary {
                service: "jobs".to_owned(),
                definition_changed: Some(false),
                ..ServiceSummary::default()
            },
            ServiceSummary {
                service: "mail".to_owned(),
                reason: "images unchanged; definition not compared (no earlier record)".to_owned(),
                ..ServiceSummary::default()
            },
            ServiceSummary {
                service: "web".to_owned(),
                changed: true,
                reason: "api changed; definition changed".to_owned(),
                ..ServiceSummary::default()
            },
        ];
        let text = render(&record, true, &services);
        assert_snapshot!(text.trim_start(), @"
        Released 2 images in 1m42s, 1 changed since tag:production

          api    changed    14c2529eb449  2 of 5 layers differ on linux/amd64
                 amd64      ab3902d864e3    31.0 MB    8.0s  2 of 9 steps cached
                 arm64      2271302608d2    30.0 MB   1m35s  9 of 9 steps cached
                 registry.example.com/shop/api: 1.4.0, production
                 mirror.example.com/api: 1.4.0, production

          batch  unchanged  4bb24efc9641  same layers and configuration
                 amd64      72de3e0d6122    31.0 MB    8.0s  2 of 9 steps cached
                 arm64      3bd07af1a62a    30.0 MB   1m35s  9 of 9 steps cached
                 registry.example.com/shop/batch: 1.4.0, production

        Caches  1 exported, 1 up to date, 1 failed
          ! r/cache:api-arm64: access was denied

        Hand-off
          jobs  nothing to deploy
          mail  images unchanged; definition not compared (no earlier record)
          web   to deploy: api changed; definition changed

        Warnings
          ! the tag latest was not moved
            it is immutable

        Files
          launchway-out/release.json
          /tmp/release.env
          launchway-out/
        ");
        assert!(text.lines().all(|line| measure::width(line) <= 80));
    }

    #[test]
    fn soci_has_a_line_of_its_own_and_says_what_was_left_out() {
        use crate::release::record::SociOutcome::{Built, LeftOut, Reused, Small};
        let mut same = image("api", true, "no baseline");
        for platform in same.platforms.values_mut() {
            platform.soci = Some(soci::tests::record(&[Reused, Built, Small, Small, Small]));
        }
        let mut different = image("batch", true, "no baseline");
        let outcomes = [&[Built, Small][..], &[LeftOut, Small]];
        for (platform, outcomes) in different.platforms.values_mut().zip(outcomes) {
            let mut record = soci::tests::record(outcomes);
            record.version = launchway_soci::index::Version::V1;
            platform.soci = Some(record);
        }
        let text = render(
            &record(vec![("api", same), ("batch", different)]),
            true,
            &[],
        );
        let text = text.split("\n\nFiles").next().unwrap().trim_start();
        assert_snapshot!(text, @"
        Released 2 images in 1m42s, all changed since tag:production

          api    changed    14c2529eb449  no baseline
                 amd64      ab3902d864e3    31.0 MB    8.0s  2 of 9 steps cached
                 arm64      2271302608d2    30.0 MB   1m35s  9 of 9 steps cached
                 SOCI       2 of 5 layers indexed (1 built, 1 reused), 3 below 10 MiB
                 registry.example.com/shop/api: 1.4.0, production

          batch  changed    4bb24efc9641  no baseline
                 amd64      72de3e0d6122    31.0 MB    8.0s  2 of 9 steps cached
                 arm64      3bd07af1a62a    30.0 MB   1m35s  9 of 9 steps cached
                 SOCI v1    amd64  1 of 2 layers indexed (built), 1 below 10 MiB
                            arm64  none of 2 layers indexed, 1 cannot be, 1 below 10 MiB
                 ! layer 3ef3bd6c80bd: it is compressed with zstd, which SOCI cannot index
                 registry.example.com/shop/batch: 1.4.0, production
        ");
        // Reasons may be of any length.
        let mut lines = text.lines().filter(|line| !line.contains("! layer"));
        assert!(lines.all(|line| measure::width(line) <= 80));
    }

    #[test]
    fn nothing_changed() {
        let mut record = record(vec![(
            "rp",
            image("rp", false, "same layers and configuration"),
        )]);
        assert_eq!(
            render(&record, true, &[]).lines().nth(1),
            Some("Released 1 image in 1m42s, nothing changed since tag:production")
        );
        record.environment = Some("staging".to_owned());
        assert_eq!(
            render(&record, true, &[]).lines().nth(1),
            Some("Released 1 image for staging in 1m42s, nothing changed since tag:production")
        );
    }

    #[test]
    fn a_scan_has_a_line_and_what_deserves_a_look() {
        use crate::scan::Decision;
        let mut warned = image("api", true, "no baseline");
        let reason = "no result for linux/arm64: ECR says UNSUPPORTED_IMAGE";
        warned.scan = Some(scan::tests::record(Decision::Warned, &[reason]));
        let mut same = image("web", false, "same as tag:production");
        let reason = "1 finding of HIGH or above";
        same.scan = Some(scan::tests::record(Decision::Reported, &[reason]));
        let text = render(&record(vec![("api", warned), ("web", same)]), true, &[]);
        assert_snapshot!(text.trim_start(), @"
        Released 2 images in 1m42s, 1 changed since tag:production

          api  changed    14c2529eb449  no baseline
               amd64      ab3902d864e3    31.0 MB    8.0s  2 of 9 steps cached
               arm64      2271302608d2    30.0 MB   1m35s  9 of 9 steps cached
               Scan       passed with a warning; 1 critical, 12 low
               ! no result for linux/arm64: ECR says UNSUPPORTED_IMAGE
               registry.example.com/shop/api: 1.4.0, production

          web  unchanged  4b5e57f6eb2f  same as tag:production
               amd64      616122641a59    31.0 MB    8.0s  2 of 9 steps cached
               arm64      9ca7bb4f9d71    30.0 MB   1m35s  9 of 9 steps cached
               Scan       not refused: it did not change; 1 critical, 12 low
               ! 1 finding of HIGH or above
               registry.example.com/shop/web: 1.4.0, production

        Files
          launchway-out/release.json
          /tmp/release.env
        ");
        assert!(text.lines().all(|line| measure::width(line) <= 80));
    }

    #[test]
    fn a_push_without_comparison_names_no_changes() {
        let mut pushed = image("rp", true, "nothing was compared");
        for platform in pushed.platforms.values_mut() {
            platform.layers.clear();
            platform.steps = StepCount::default();
        }
        assert_snapshot!(render(&record(vec![("rp", pushed)]), false, &[]).trim_start(), @"
        Pushed 1 image in 1m42s

          rp  pushed     796e80c7e5bf
              amd64      7f1c92dafbde               8.0s
              arm64      10e35c53ea5f              1m35s
              registry.example.com/shop/rp: 1.4.0, production

        Files
          launchway-out/release.json
          /tmp/release.env
        ");
    }
}
