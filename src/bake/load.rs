//! From files to targets: read, parse, evaluate, merge, select. Each step is a module of its own;
//! this is the order in which they run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::catalog::{Catalog, Group};
use super::definition::Definition;
use super::diagnostic::{Diagnostic, Fault};
use super::environment;
use super::error::{BakeError, Diagnostics};
use super::eval::{Evaluator, Inputs};
use super::files::{self, File};
use super::link;
use super::matrix;
use super::module::{Collector, Module};
use super::outline::Outline;
use super::overrides::Overrides;
use super::parse::{self, Syntax};
use super::print;
use super::request::Request;
use super::syntax::{Block, Body};
use super::target::Target;
use super::text::Sources;
use super::variable;
use crate::config::environment::{KIND, Variables};
use crate::config::form;
use crate::config::read::{self, Names};
use crate::config::{Environment, EnvironmentChoice, Settings};

/// Everything that the files and the command line say together.
#[derive(Clone, Debug, Default)]
pub struct Bake {
    /// The targets that were selected and those that they link to, by name.
    pub targets: BTreeMap<String, Target>,
    /// The selected targets, in the order in which they were named.
    pub selected: Vec<String>,
    /// Targets that are there only because another one uses them (`contexts = { x = "target:y" }`).
    pub linked: BTreeSet<String>,
    /// The groups that were passed through, and `default`: what was asked for.
    pub groups: BTreeMap<String, Vec<String>>,
    /// Descriptions of groups that have one.
    pub group_descriptions: BTreeMap<String, String>,
    /// What our own blocks say.
    pub settings: Settings,
    /// The environment that was chosen.
    pub environment: Option<String>,
    /// What the files say before anything is made of it, when it was asked for.
    pub outline: Option<Outline>,
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
    /// Slips that change nothing by themselves: unknown names, files that are not read.
    pub warnings: Vec<Diagnostic>,
}

impl Bake {
    /// What `docker buildx bake --print` shows.
    pub fn print(&self) -> serde_json::Value {
        print::document(self)
    }

    /// The text of [`Bake::print`], byte for byte as buildx writes it, with a newline at the end.
    pub fn print_text(&self) -> String {
        print::text(self)
    }
}

/// Stack for parsing and evaluation: deep nesting within the limits must not overflow it.
const STACK: usize = 64 * 1024 * 1024;

/// Reads and resolves everything. Synchronous; touches nothing but the files.
pub fn load(request: &Request) -> Result<Bake, BakeError> {
    load_texts(request, files::read(request)?)
}

/// As [`load`], with texts that are read already.
pub(crate) fn load_texts(request: &Request, read: files::Files) -> Result<Bake, BakeError> {
    on_large_stack(|| load_files(request, read))
}

/// Runs `work` on a stack of known size, whatever thread the caller runs on.
fn on_large_stack<T: Send>(
    work: impl FnOnce() -> Result<T, BakeError> + Send,
) -> Result<T, BakeError> {
    std::thread::scope(|scope| {
        let work = std::thread::Builder::new()
            .name("bake".to_owned())
            .stack_size(STACK)
            .spawn_scoped(scope, work);
        match work.map(std::thread::ScopedJoinHandle::join) {
            Ok(Ok(result)) => result,
            Ok(Err(panic)) => std::panic::resume_unwind(panic),
            Err(source) => Err(BakeError::Thread { source }),
        }
    })
}

/// The files' declarations, sorted out and of the right form; nothing is evaluated yet.
struct Declared {
    module: Module,
    sources: Sources,
    paths: Vec<PathBuf>,
    /// Of the files' contents, and of files that are not read.
    warnings: Vec<Fault>,
}

fn declared(read: files::Files) -> Result<Declared, BakeError> {
    let mut sources = Sources::default();
    let mut paths = Vec::new();
    let mut collector = Collector::default();
    let mut faults = Vec::new();
    for file in read.files {
        match parse_file(&mut sources, &file) {
            Ok(body) => collector.add(body),
            Err(fault) => faults.push(fault),
        }
        paths.push(file.path);
    }
    faults.append(&mut collector.faults);
    let variables = Variables {
        declared: names_of(&collector.module.variables),
        fixed: names_of(&collector.module.locals),
    };
    faults.extend(form::check(&collector.module.settings, &variables));
    if !faults.is_empty() {
        return Err(invalid(faults, &sources));
    }
    Ok(Declared {
        module: collector.module,
        sources,
        paths,
        warnings: collector.warnings,
    })
}

fn inputs<'a>(request: &'a Request, chosen: Option<&'a Block>) -> Inputs<'a> {
    Inputs {
        environment: &request.environment,
        source: &request.source,
        chosen,
        trial: false,
        builtins: BTreeMap::from([
            ("BAKE_CMD_CONTEXT", "cwd://".to_owned()),
            ("BAKE_LOCAL_PLATFORM", request.local_platform.clone()),
        ]),
        now: request.now,
    }
}

fn load_files(request: &Request, read: files::Files) -> Result<Bake, BakeError> {
    let elsewhere: Vec<Fault> = read.warnings.iter().map(Fault::elsewhere).collect();
    let Declared {
        module,
        sources,
        paths,
        warnings,
    } = declared(read)?;
    let chosen = environment::choose(&module.settings, &request.chosen)?;
    let inputs = inputs(request, chosen);
    let evaluator = Evaluator::new(&module, inputs.clone());
    let mut loaded = Loaded {
        warnings,
        ..Loaded::default()
    };
    let mut bake =
        resolve(request, &evaluator, &mut loaded).map_err(|faults| invalid(faults, &sources))?;
    bake.files = paths;
    let label = chosen.and_then(|block| block.labels.first());
    bake.environment = label.map(|label| label.text.clone());
    bake.outline = request.outline.then(|| Outline::new(&evaluator));
    loaded.warnings.extend(environment::overridden(&evaluator));
    if request.chosen != EnvironmentChoice::Free || request.blocks.has(KIND) {
        let others = environment::try_out_others(&module, &inputs);
        loaded.warnings.extend(others);
    }
    let warnings = loaded.warnings.into_iter().chain(elsewhere);
    bake.warnings = warnings.map(|fault| fault.locate(&sources)).collect();
    Ok(bake)
}

/// The environments that the files declare, and what is wrong with their values. Targets and other
/// blocks are not evaluated: they may need an environment to be chosen.
pub fn environments(request: &Request) -> Result<(Vec<Environment>, Vec<Diagnostic>), BakeError> {
    let read = files::read(request)?;
    on_large_stack(|| {
        let Declared {
            module, sources, ..
        } = declared(read)?;
        let blocks = module.settings.iter().filter(|block| block.kind == KIND);
        let environments = blocks.map(Environment::declared).collect();
        let faults = environment::try_out_others(&module, &inputs(request, None));
        let warnings = faults.into_iter().map(|fault| fault.locate(&sources));
        Ok((environments, warnings.collect()))
    })
}

/// What is gathered along the way.
#[derive(Default)]
struct Loaded {
    warnings: Vec<Fault>,
    groups: BTreeSet<String>,
}

fn names_of<T>(named: &BTreeMap<String, T>) -> BTreeSet<&str> {
    named.keys().map(String::as_str).collect()
}

fn parse_file(sources: &mut Sources, file: &File) -> Result<Body, Fault> {
    let index = sources.add(&file.path, file.text.clone());
    match file.syntax {
        Some(syntax) => parse::parse(&file.text, syntax, index),
        None => parse::parse(&file.text, Syntax::Hcl, index)
            .or_else(|hcl| parse::parse(&file.text, Syntax::Json, index).map_err(|_| hcl)),
    }
}

fn invalid(faults: Vec<Fault>, sources: &Sources) -> BakeError {
    let diagnostics = faults
        .into_iter()
        .map(|fault| fault.locate(sources))
        .collect();
    BakeError::Invalid(Diagnostics(diagnostics))
}

fn resolve(
    request: &Request,
    evaluator: &Evaluator<'_>,
    loaded: &mut Loaded,
) -> Result<Bake, Vec<Fault>> {
    let faults = variable::check(evaluator);
    if !faults.is_empty() {
        return Err(faults);
    }
    let rows = matrix::expand(evaluator)?;
    evaluator.set_rows(rows.rows.clone());
    let catalog = Catalog::build(evaluator, &rows.rows, &rows.renamed)?;
    for name in evaluator.module().locals.keys() {
        evaluator.global(name).map_err(|fault| vec![fault])?;
    }
    let overrides = Overrides::parse(request, &catalog.names())?;
    let one = |fault| vec![fault];

    let settings = settings(request, evaluator, &catalog)?;
    let asked = asked(request, &settings, &catalog).map_err(one)?;
    let mut selected: Vec<String> = Vec::new();
    let mut definitions: BTreeMap<String, Definition> = BTreeMap::new();
    for name in &asked {
        let mut groups = BTreeSet::new();
        for member in catalog.expand(name, &mut groups) {
            if selected.contains(&member.name) {
                continue;
            }
            let definition = catalog
                .resolve(&member.name, member.range, &overrides, &mut loaded.warnings)
                .map_err(one)?;
            definitions.insert(member.name.clone(), definition);
            selected.push(member.name);
        }
        loaded.groups.extend(groups);
    }
    let linked = link::load(
        &catalog,
        &overrides,
        &mut definitions,
        &selected,
        &mut loaded.warnings,
    )
    .map_err(one)?;

    let shown = shown_groups(&catalog, &loaded.groups, &asked);
    Ok(Bake {
        targets: definitions
            .into_iter()
            .map(|(name, definition)| {
                let target = definition.into_target(&name);
                (name, target)
            })
            .collect(),
        selected,
        linked,
        group_descriptions: shown
            .iter()
            .filter_map(|(name, group)| Some((name.clone(), group.description.clone()?)))
            .collect(),
        groups: shown
            .into_iter()
            .map(|(name, group)| (name, group.targets))
            .collect(),
        settings,
        environment: None,
        outline: None,
        files: Vec::new(),
        warnings: Vec::new(),
    })
}

fn settings(
    request: &Request,
    evaluator: &Evaluator<'_>,
    catalog: &Catalog,
) -> Result<Settings, Vec<Fault>> {
    let members = |name: &str| -> Vec<String> {
        let members = catalog.expand(name, &mut BTreeSet::new());
        members.into_iter().map(|member| member.name).collect()
    };
    let groups = catalog.groups.keys();
    let names = Names {
        targets: catalog.names(),
        groups: groups.map(|name| (name.as_str(), members(name))).collect(),
    };
    let blocks = &evaluator.module().settings;
    read::read(evaluator, blocks, request.blocks, &names)
}

/// The names asked for, patterns expanded, each once.
fn asked(request: &Request, settings: &Settings, catalog: &Catalog) -> Result<Vec<String>, Fault> {
    let default = match &settings.release.targets {
        Some(targets) => targets.clone(),
        None => vec!["default".to_owned()],
    };
    let names = catalog.names();
    let missing = |name: &String| {
        !names.contains(name.as_str()) && !catalog.groups.contains_key(name.as_str())
    };
    if request.targets.is_empty() && request.targets_optional && default.iter().all(missing) {
        return Ok(Vec::new());
    }
    let names = if request.targets.is_empty() {
        &default[..]
    } else {
        &request.targets[..]
    };
    let mut asked: Vec<String> = Vec::new();
    for name in names {
        // Names of compose services may have dots; as targets they have underscores.
        for name in catalog.matching(&name.replace('.', "_"))? {
            if !asked.contains(&name) {
                asked.push(name);
            }
        }
    }
    Ok(asked)
}

/// The groups as `--print` shows them: `default` lists what was asked for.
fn shown_groups(
    catalog: &Catalog,
    visited: &BTreeSet<String>,
    asked: &[String],
) -> BTreeMap<String, Group> {
    let mut shown: BTreeMap<String, Group> = visited
        .iter()
        .filter_map(|name| Some((name.clone(), catalog.groups.get(name)?.clone())))
        .collect();
    for name in asked {
        // A target "default" is not listed in a group "default" that is there already.
        if name == "default" && shown.contains_key(name) {
            continue;
        }
        let default = shown.entry("default".to_owned()).or_default();
        if !default.targets.contains(name) {
            default.targets.push(name.clone());
        }
    }
    let default = shown.entry("default".to_owned()).or_default();
    default.targets.sort();
    shown
}
