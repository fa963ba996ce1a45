//! Making the plan.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use super::base_images::BaseImagePlan;
use super::error::PlanError;
use super::model::{ContextPlan, ImagePlan, Plan, SolvePlan};
use super::soci::{self, SociWish};
use super::{attributes, cache, image};
use crate::bake::{Bake, Entry, Target, is_remote_context};
use crate::config::{Baseline, ServiceSettings, Source};
use crate::image::Platform;

/// What kind of run is planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// `release`: every image is pushed, compared and cached as the settings say.
    Release,
    /// `bake` and `build`: what is declared, as buildx does it.
    Bake,
}

/// Which services get hand-off files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Handoff {
    /// All; a service that needs an image which is not built is an error.
    #[default]
    All,
    /// Those whose images are all built: part of a project is released.
    Covered,
    /// None.
    None,
}

/// What the plan depends on beside the files.
#[derive(Clone, Debug)]
pub struct Options {
    /// What kind of run it is.
    pub mode: Mode,
    /// The working directory, absolute; contexts are relative to it.
    pub directory: PathBuf,
    /// The platform of a target that names none.
    pub local_platform: Platform,
    /// Tags instead of those of the `release` block.
    pub tags: Vec<String>,
    /// A baseline instead of that of the `release` block.
    pub baseline: Option<Baseline>,
    /// Which services get hand-off files.
    pub handoff: Handoff,
    /// Whether images get SOCI indexes.
    pub soci: SociWish,
}

/// The plan of a run over `bake`'s selected targets. Looks at the disk for contexts and
/// Dockerfiles only, so that a missing one is found before anything is built.
pub fn make(bake: &Bake, source: &Source, options: &Options) -> Result<Plan, PlanError> {
    let release = options.mode == Mode::Release;
    let cache_settings = bake.settings.cache.as_ref().filter(|_| release);
    let mut plan = Plan {
        environment: bake.environment.clone(),
        source: source.clone(),
        solves: Vec::new(),
        images: Vec::new(),
        services: Vec::new(),
    };
    for target in bake
        .selected
        .iter()
        .filter_map(|name| bake.targets.get(name))
    {
        refuse_later_features(target, options.mode)?;
        let platforms = platforms(target, &options.local_platform)?;
        let context = context(target, &options.directory)?;
        let mut extra = named_contexts(target, &options.directory)?;
        let context = ContextPlan {
            named: std::mem::take(&mut extra.local),
            ..context
        };
        let pushed = release || pushes(target);
        let soci = pushed
            .then(|| soci::options(target, bake.settings.soci.as_ref(), options))
            .flatten();
        let mut exporter = attributes::exporter(target)?;
        if soci.is_some() {
            soci::require(target, &mut exporter)?;
        }
        let mirrors = bake.settings.base_images.as_ref();
        let dockerfile = context.dockerfile_text();
        for platform in &platforms {
            let mut frontend = attributes::frontend(target, platform)?;
            frontend.extend(extra.attributes.clone());
            plan.solves.push(SolvePlan {
                target: target.name.clone(),
                platform: platform.clone(),
                context: context.clone(),
                base_images: BaseImagePlan::new(mirrors, dockerfile.as_deref(), &frontend),
                attributes: frontend,
                fresh_attributes: attributes::fresh(target),
                attestations: attributes::attestations(target),
                exporter: exporter.clone(),
                cache: cache::plan(
                    target,
                    platform,
                    platforms.len() > 1,
                    options.mode,
                    cache_settings,
                )?,
                entitlements: target.entitlements.clone(),
            });
        }
        if pushed {
            let image = image(target, platforms, bake, source, options)?;
            plan.images.push(ImagePlan { soci, ..image });
        }
    }
    image::check_distinct(&plan.images)?;
    if release && options.handoff != Handoff::None {
        plan.services.clone_from(&bake.settings.services);
        check_service_folders(&plan.services)?;
        if options.handoff == Handoff::Covered {
            let built: Vec<&str> = plan
                .images
                .iter()
                .map(|image| image.target.as_str())
                .collect();
            plan.services.retain(|service| {
                service
                    .targets()
                    .into_iter()
                    .all(|name| built.contains(&name))
            });
        }
        check_services(&plan)?;
    }
    Ok(plan)
}

fn image(
    target: &Target,
    platforms: Vec<Platform>,
    bake: &Bake,
    source: &Source,
    options: &Options,
) -> Result<ImagePlan, PlanError> {
    let settings = &bake.settings.release;
    match options.mode {
        Mode::Bake => image::plan(target, platforms, None, Some(&Baseline::None), source),
        Mode::Release => {
            let tags = if options.tags.is_empty() {
                settings.tags.as_deref()
            } else {
                Some(options.tags.as_slice())
            };
            let baseline = options.baseline.as_ref().or(settings.baseline.as_ref());
            image::plan(target, platforms, tags, baseline, source)
        }
    }
}

/// Whether bake would push this target: an `image` output with `push=true`, or `registry`.
fn pushes(target: &Target) -> bool {
    target.output.iter().any(|output| {
        output.kind == "registry" || (output.kind == "image" && output.get("push") == Some("true"))
    })
}

fn platforms(target: &Target, local: &Platform) -> Result<Vec<Platform>, PlanError> {
    let mut platforms = Vec::new();
    for text in target.platforms.iter().flat_map(|text| text.split(',')) {
        let platform: Platform = match text.trim() {
            "local" => local.clone(),
            text => text.parse().map_err(|source| PlanError::Platform {
                target: target.name.clone(),
                source,
            })?,
        };
        if !platforms.contains(&platform) {
            platforms.push(platform);
        }
    }
    if platforms.is_empty() {
        platforms.push(local.clone());
    }
    Ok(platforms)
}

/// Finds the context and the Dockerfile. A remote context is fetched by the daemon, Dockerfile and
/// all.
fn context(target: &Target, directory: &Path) -> Result<ContextPlan, PlanError> {
    let mut plan = ContextPlan {
        directory: None,
        url: None,
        dockerfile_directory: None,
        dockerfile: target.dockerfile.clone(),
        dockerfile_inline: target.dockerfile_inline.clone(),
        named: BTreeMap::new(),
    };
    if is_remote_context(&target.context) {
        plan.url = Some(target.context.clone());
        return Ok(plan);
    }
    let root = resolve(directory, &target.context);
    if !root.is_dir() {
        return Err(PlanError::MissingContext {
            target: target.name.clone(),
            path: root,
        });
    }
    if plan.dockerfile_inline.is_none() {
        let path = match target.dockerfile.strip_prefix("cwd://") {
            Some(rest) => resolve(directory, rest),
            None => resolve(&root, &target.dockerfile),
        };
        let found = path.is_file();
        match (found, path.parent(), path.file_name()) {
            (true, Some(parent), Some(name)) => {
                plan.dockerfile_directory = Some(parent.to_path_buf());
                plan.dockerfile = name.to_string_lossy().into_owned();
            }
            _ => {
                return Err(PlanError::MissingDockerfile {
                    target: target.name.clone(),
                    path,
                });
            }
        }
    }
    plan.directory = Some(root);
    Ok(plan)
}

/// Named contexts: directories are served by us, everything else is the daemon's to fetch.
#[derive(Default)]
struct NamedContexts {
    local: BTreeMap<String, PathBuf>,
    attributes: BTreeMap<String, String>,
}

fn named_contexts(target: &Target, directory: &Path) -> Result<NamedContexts, PlanError> {
    let mut named = NamedContexts::default();
    for (name, value) in &target.contexts {
        let later = ["target:", "service:", "oci-layout://"];
        if let Some(kind) = later.iter().find(|kind| value.starts_with(**kind)) {
            return Err(PlanError::Unavailable {
                target: target.name.clone(),
                feature: format!("the context `{name}` = `{kind}…`"),
            });
        }
        if value.starts_with("docker-image://") || is_remote_context(value) {
            named
                .attributes
                .insert(format!("context:{name}"), value.clone());
            continue;
        }
        let path = resolve(directory, value);
        if !path.is_dir() {
            return Err(PlanError::MissingContext {
                target: target.name.clone(),
                path,
            });
        }
        named.local.insert(name.clone(), path);
    }
    Ok(named)
}

/// `path` under `directory`, with `.` and `..` worked out by name, so that equal directories are
/// one context however they are written.
fn resolve(directory: &Path, path: &str) -> PathBuf {
    let path = path.strip_prefix("cwd://").unwrap_or(path);
    let mut resolved = PathBuf::new();
    for component in directory.join(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                resolved.pop();
            }
            other => resolved.push(other),
        }
    }
    resolved
}

/// What bake files may ask for and this version cannot do is refused before anything runs.
fn refuse_later_features(target: &Target, mode: Mode) -> Result<(), PlanError> {
    let unavailable = |feature: String| {
        Err(PlanError::Unavailable {
            target: target.name.clone(),
            feature,
        })
    };
    if !target.secret.is_empty() {
        return unavailable("`secret`".to_owned());
    }
    if !target.ssh.is_empty() {
        return unavailable("`ssh`".to_owned());
    }
    if let Some(call) = target
        .call
        .as_deref()
        .filter(|call| !matches!(*call, "" | "build"))
    {
        return unavailable(format!("`call = \"{call}\"`"));
    }
    let later_output =
        |output: &&Entry| !matches!(output.kind.as_str(), "image" | "registry" | "cacheonly");
    if let Some(output) = target.output.iter().find(later_output) {
        return unavailable(format!("the output `type={}`", output.kind));
    }
    for output in &target.output {
        for (key, value) in &output.attributes {
            let refused = match key.as_str() {
                "name" | "name-canonical" => true,
                "push-by-digest" => value == "true",
                "oci-mediatypes" => value == "false",
                _ => false,
            };
            if refused {
                return unavailable(format!("the output attribute `{key}={value}`"));
            }
        }
    }
    // buildx asks for consent with --allow, which comes with them.
    if let Some(entitlement) = target.entitlements.first() {
        return unavailable(format!("the entitlement `{entitlement}`"));
    }
    let caches = || target.cache_from.iter().chain(&target.cache_to);
    let known = ["registry", "inline", "s3", "azblob"];
    if let Some(entry) = caches().find(|entry| !known.contains(&entry.kind.as_str())) {
        return unavailable(format!("the cache `type={}`", entry.kind));
    }
    // It would be part of the image's configuration, and so of what is compared.
    if mode == Mode::Release && caches().any(|entry| entry.kind == "inline") {
        return unavailable("the cache `type=inline` in a release".to_owned());
    }
    Ok(())
}

/// Every service has a folder of its own, inside the release's unless it says otherwise: files of
/// two services in one folder would replace each other.
fn check_service_folders(services: &[ServiceSettings]) -> Result<(), PlanError> {
    for (number, service) in services.iter().enumerate() {
        let name = &service.name;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            return Err(PlanError::ServiceName {
                service: name.clone(),
            });
        }
        let same =
            |other: &&ServiceSettings| other.output.is_some() && other.output == service.output;
        if let Some(other) = services[..number].iter().find(same) {
            return Err(PlanError::SharedFolder {
                first: other.name.clone(),
                second: name.clone(),
            });
        }
    }
    Ok(())
}

/// Every image of a service must be part of the release, or its files would be incomplete.
fn check_services(plan: &Plan) -> Result<(), PlanError> {
    for service in &plan.services {
        // `containers` names targets as `images` does.
        for (placeholder, target) in service.images.iter().chain(&service.containers) {
            if !plan.images.iter().any(|image| image.target == *target) {
                return Err(PlanError::ServiceTarget {
                    service: service.name.clone(),
                    placeholder: placeholder.clone(),
                    target: target.clone(),
                });
            }
        }
    }
    Ok(())
}
