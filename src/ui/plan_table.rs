//! A plan for people: what would be built, where it would go, and which caches it would use.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use super::Style;
use crate::config::show_size;
use crate::plan::{BaselinePlan, CacheReference, Plan, SolvePlan};
use crate::soci::version;

/// The plan as a table of images and a list of solves. `plan --format json` has everything.
/// Paths are shown from `directory`.
pub fn plan_table(plan: &Plan, directory: &Path, style: Style) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let mut line = |line: String| {
        let _ = writeln!(text, "{}", line.trim_end());
    };
    if let Some(environment) = &plan.environment {
        line(format!("Environment {}", style.bold(environment)));
    }
    if let Some(commit) = &plan.source.commit {
        let branch = plan
            .source
            .branch
            .as_deref()
            .map(|name| format!(" on {name}"));
        let dirty = if plan.source.dirty == Some(true) {
            ", with uncommitted changes"
        } else {
            ""
        };
        line(format!(
            "Commit {}{}{dirty}",
            commit.get(..8).unwrap_or(commit),
            branch.unwrap_or_default()
        ));
    }
    if plan.environment.is_some() || plan.source.commit.is_some() {
        line(String::new());
    }
    let width = plan
        .solves
        .iter()
        .map(|solve| solve.target.len())
        .max()
        .unwrap_or_default();
    line(style.bold("Images"));
    for image in &plan.images {
        let platforms: Vec<String> = image.platforms.iter().map(ToString::to_string).collect();
        line(format!(
            "  {:width$}  {}",
            image.target,
            platforms.join(", ")
        ));
        for push in image.repositories() {
            let tags: Vec<&str> = push.tags.iter().map(crate::registry::Tag::as_str).collect();
            line(format!(
                "  {:width$}  {} : {}",
                "",
                push.repository,
                tags.join(", ")
            ));
        }
        let baseline = match &image.baseline {
            BaselinePlan::None { reason } => format!("compared with nothing: {reason}"),
            baseline => format!("compared with {baseline}"),
        };
        line(format!("  {:width$}  {}", "", style.dim(baseline)));
        let soci = match &image.soci {
            None => "no SOCI index".to_owned(),
            Some(soci) => format!(
                "SOCI index {} of layers from {} on, in spans of {}",
                version::name(soci.version),
                show_size(soci.min_layer_size),
                show_size(soci.span_size)
            ),
        };
        line(format!("  {:width$}  {}", "", style.dim(soci)));
    }
    line(String::new());
    line(style.bold("Solves"));
    for solve in &plan.solves {
        line(format!(
            "  {:width$}  {:13}  {}",
            solve.target,
            solve.platform.to_string(),
            what(solve, directory)
        ));
        let imports: Vec<&str> = solve
            .cache
            .imports
            .iter()
            .filter_map(CacheReference::registry_reference)
            .collect();
        if !imports.is_empty() {
            line(format!(
                "  {:width$}  {:13}  {}",
                "",
                "",
                style.dim(format!("cache from {}", imports.join(", ")))
            ));
        }
    }
    for text in base_images(plan, style) {
        line(text);
    }
    if !plan.services.is_empty() {
        line(String::new());
        line(style.bold("Hand-off"));
        for service in &plan.services {
            let images: Vec<&str> = service.targets().into_iter().collect();
            line(format!("  {}  {}", service.name, images.join(", ")));
        }
    }
    text
}

/// The mirrors, and below each what Dockerfiles name for certain of its registry.
fn base_images(plan: &Plan, style: Style) -> Vec<String> {
    let mut mirrors: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for bases in plan.solves.iter().map(|solve| &solve.base_images) {
        for (registry, mirror) in &bases.mirrors {
            let images = mirrors.entry((registry, mirror)).or_default();
            let pulled = bases.images.values().map(String::as_str);
            let of_mirror = |name| str::strip_prefix(name, mirror.as_str())?.strip_prefix('/');
            images.extend(pulled.filter_map(of_mirror));
        }
    }
    let mut lines = Vec::new();
    for ((registry, mirror), images) in mirrors {
        lines.push(format!("  {registry} from {mirror}"));
        lines.extend(images.iter().map(|image| style.dim(format!("    {image}"))));
    }
    if !lines.is_empty() {
        lines.insert(0, style.bold("Base images"));
        lines.insert(0, String::new());
    }
    lines
}

/// The Dockerfile and stage of a solve.
fn what(solve: &SolvePlan, directory: &Path) -> String {
    let context = &solve.context;
    let mut text = match (&context.dockerfile_inline, &context.url) {
        (Some(_), _) => "Dockerfile in the bake file".to_owned(),
        (None, Some(url)) => format!("{} of {url}", context.dockerfile),
        (None, None) => solve.context.shown_dockerfile(directory),
    };
    if let Some(stage) = solve.attributes.get("target") {
        let _ = write!(text, ", stage {stage}");
    }
    text
}
