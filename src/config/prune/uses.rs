//! Where uses are looked for: clusters, families, functions, jobs, services of AWS, files and commands.

use std::path::PathBuf;
use std::time::Duration;

use super::pattern::{Named, labelled};
use super::{KEEP, KeepRule, ROLLBACK, UseCommand, UseSettings};
use crate::bake::diagnostic::Fault;
use crate::config::read::Reader;
use crate::config::scan::parse_timeout;
use crate::parameter::check_name;

/// The attributes of a `command` block.
pub(super) const COMMAND: &[&str] = &["command", "timeout", "directory", "env"];

/// How long a command may take, where nothing else is said.
const TIMEOUT: Duration = Duration::from_mins(1);
/// ECS, Batch and Lambda keep every version, and each is a request.
pub(crate) const MOST: u64 = 1000;

/// The attributes of a `cluster`, `family`, `function` or `job` block.
pub(super) fn keep_attributes(kind: &str) -> &'static [&'static str] {
    match kind {
        "cluster" => &["rollback"],
        _ => &["keep"],
    }
}

/// Evaluates all of it.
pub(super) fn read(reader: &Reader<'_>, faults: &mut Vec<Fault>) -> UseSettings {
    let default = UseSettings::default();
    let mut flag = |name: &str, default: bool| match reader.flag(name) {
        Ok(flag) => flag.unwrap_or(default),
        Err(fault) => {
            faults.push(fault);
            default
        }
    };
    let mut uses = UseSettings {
        ecs: flag("ecs", default.ecs),
        lambda: flag("lambda", default.lambda),
        events: flag("events", default.events),
        scheduler: flag("scheduler", default.scheduler),
        batch: flag("batch", default.batch),
        step_functions: flag("step_functions", default.step_functions),
        ..default
    };
    uses.clusters = rules(reader, Named::Cluster, (uses.ecs, "ecs"), faults);
    uses.families = rules(reader, Named::Family, (uses.ecs, "ecs"), faults);
    uses.functions = rules(reader, Named::Function, (uses.lambda, "lambda"), faults);
    uses.jobs = rules(reader, Named::Job, (uses.batch, "batch"), faults);
    uses.parameters = take(parameters(reader), faults);
    uses.records = take(paths(reader, "records"), faults);
    uses.references = take(paths(reader, "references"), faults);
    for inner in reader.nested("command") {
        match command(&inner) {
            Ok(command) => uses.commands.push(command),
            Err(fault) => faults.push(fault),
        }
    }
    uses
}

fn take<T: Default>(read: Result<T, Fault>, faults: &mut Vec<Fault>) -> T {
    read.unwrap_or_else(|fault| {
        faults.push(fault);
        T::default()
    })
}

/// The blocks of a kind. `switch` is whether that part is looked at, and the attribute that says so.
fn rules(
    reader: &Reader<'_>,
    named: Named,
    switch: (bool, &str),
    faults: &mut Vec<Fault>,
) -> Vec<KeepRule> {
    let (attribute, default) = match named {
        Named::Cluster => ("rollback", ROLLBACK),
        _ => ("keep", KEEP),
    };
    let mut rules = Vec::new();
    for (pattern, inner) in labelled(reader, named, faults) {
        if let (false, switch) = switch {
            let message = format!("{switch} = false looks at no {}", named.kind());
            faults.push(
                inner
                    .block_fault(message)
                    .help(format!("remove it, or {switch} = false")),
            );
        }
        match inner.number(attribute, 0..=MOST) {
            Ok(number) => rules.push(KeepRule {
                pattern,
                keep: number
                    .and_then(|number| u32::try_from(number).ok())
                    .unwrap_or(default),
            }),
            Err(fault) => faults.push(fault),
        }
    }
    rules
}

fn parameters(reader: &Reader<'_>) -> Result<Vec<String>, Fault> {
    let names = list(reader, "parameters", "parameter")?;
    for (index, name) in names.iter().enumerate() {
        // Of a path the last level is any.
        let checked = match name.strip_suffix("/*") {
            Some("") => Ok(()),
            Some(path) if !path.starts_with('/') => check_name(&format!("{path}/any")),
            Some(path) => check_name(path),
            None => check_name(name),
        };
        checked.map_err(|problem| {
            let message = format!("{name:?} is no name of an SSM parameter: {problem}");
            reader
                .element_fault("parameters", index, &message)
                .help("write names, or paths that end in /*: \"/shop/production/*\"")
        })?;
    }
    Ok(names)
}

fn paths(reader: &Reader<'_>, name: &str) -> Result<Vec<PathBuf>, Fault> {
    let paths = list(reader, name, "file")?;
    Ok(paths.into_iter().map(PathBuf::from).collect())
}

/// A list that, if it is there, names something: an empty one comes from a variable that nobody set, and
/// would protect nothing.
fn list(reader: &Reader<'_>, name: &str, of: &str) -> Result<Vec<String>, Fault> {
    let Some(texts) = reader.texts(name)? else {
        return Ok(Vec::new());
    };
    if texts.is_empty() {
        return Err(reader
            .fault(name, &format!("it names no {of}"))
            .help("leave it out"));
    }
    match texts.iter().position(|text| text.trim().is_empty()) {
        Some(index) => {
            Err(reader.element_fault(name, index, &format!("the name of a {of} is empty")))
        }
        None => Ok(texts),
    }
}

fn command(reader: &Reader<'_>) -> Result<UseCommand, Fault> {
    let name = reader.name();
    if name.trim().is_empty() {
        return Err(reader
            .block_fault("the command has no name")
            .help("write command \"other-account\" { … }"));
    }
    let command = reader.texts("command")?.unwrap_or_default();
    if command
        .first()
        .is_none_or(|program| program.trim().is_empty())
    {
        let message = format!("the command {name:?} has no program");
        return Err(reader
            .block_fault(message)
            .help("write the program and its arguments: command = [\"./in-use.sh\", \"prod\"]"));
    }
    let timeout = match reader.text("timeout")? {
        None => TIMEOUT,
        Some(text) => parse_timeout(&text).map_err(|message| {
            reader
                .fault("timeout", &message)
                .help("write a duration: timeout = \"1m\" or \"90s\"")
        })?,
    };
    let env = reader.map("env")?;
    let strange = |name: &&String| name.is_empty() || name.contains(['=', '\0']);
    if let Some(name) = env.keys().find(strange) {
        let message = format!("{name:?} cannot be the name of a variable");
        return Err(reader.fault("env", &message));
    }
    Ok(UseCommand {
        name,
        command,
        timeout,
        directory: reader.path("directory")?,
        env,
    })
}
