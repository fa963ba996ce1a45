//! `launchway engine`: Launchway's own BuildKit daemon on this machine.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use serde_json::json;

use crate::engine::{self, CacheUsage, Engine, LocalStatus, Request, Stopped, log};
use crate::exit;
use crate::ui::{Failure, Style, measure};

use super::Invocation;

const EXAMPLES: &str = "\
Examples:
  launchway engine start            # builds start it by themselves; this is for warming up
  launchway engine status --format json
  launchway engine logs -f
  launchway engine stop             # its cache stays

The engine keeps its state in LAUNCHWAY_STATE_DIR, by default /var/lib/launchway for root.";

/// Arguments of `engine`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
#[command(subcommand_value_name = "ACTION", subcommand_help_heading = "Actions")]
pub struct Args {
    /// What to do with the engine.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with an engine.
#[derive(Debug, clap::Subcommand)]
pub enum Action {
    /// Start the engine unless it runs; it stays when this command ends
    Start,
    /// Stop the engine; builds on it fail, its cache stays
    Stop(StopArgs),
    /// Show whether an engine runs, its version, address and cache
    Status(StatusArgs),
    /// Print the engine's log
    Logs(LogsArgs),
}

/// Arguments of `engine stop`.
#[derive(Debug, clap::Args)]
pub struct StopArgs {
    /// Seconds to wait before the engine is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub timeout: u32,
}

/// Arguments of `engine status`.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// Arguments of `engine logs`.
#[derive(Debug, clap::Args)]
pub struct LogsArgs {
    /// Go on printing what is added, until interrupted
    #[arg(short, long)]
    pub follow: bool,

    /// How many of the last lines are printed
    #[arg(short = 'n', long, value_name = "COUNT", default_value_t = 100)]
    pub lines: usize,
}

/// How a status is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let request = invocation.engine_request();
    match args.action {
        Action::Start => start(request, invocation).await,
        Action::Stop(args) => stop(&request, &args, invocation).await,
        Action::Status(args) => status(&request, &args, invocation).await,
        Action::Logs(args) => logs(&request, &args, invocation).await,
    }
}

async fn start(request: Request, invocation: &Invocation) -> Result<u8, Failure> {
    if let Some(address) = &request.explicit {
        invocation.printer.warn(&format!(
            "builds use {address} (from --engine or BUILDKIT_HOST) and not the engine started here"
        ));
    }
    let request = Request {
        explicit: None,
        ..request
    };
    let engine = engine::find(&request).await?;
    let verb = if engine.started {
        "started"
    } else {
        "runs already"
    };
    invocation
        .printer
        .note(&format!("engine {verb}: BuildKit {}", engine.version));
    if engine.outdated {
        invocation.printer.warn(OUTDATED);
    }
    invocation.printer.answer(&engine.address.to_string())?;
    Ok(exit::OK)
}

const OUTDATED: &str = "the running engine was started with another configuration or another \
                        buildkitd; `launchway engine stop` and another start bring it up to date";

async fn stop(request: &Request, args: &StopArgs, invocation: &Invocation) -> Result<u8, Failure> {
    let grace = Duration::from_secs(args.timeout.into());
    match engine::stop(request, grace).await? {
        Stopped::NotRunning => invocation.printer.note(&format!(
            "no engine runs in {}",
            request.state_directory.display()
        )),
        Stopped::Ended { pid } => invocation
            .printer
            .note(&format!("engine stopped (process {pid}); its cache stays")),
        Stopped::Killed { pid } => invocation.printer.warn(&format!(
            "the engine (process {pid}) did not end within {} s and was killed; its cache stays",
            args.timeout
        )),
    }
    Ok(exit::OK)
}

async fn status(
    request: &Request,
    args: &StatusArgs,
    invocation: &Invocation,
) -> Result<u8, Failure> {
    let rows = if request.explicit.is_some() {
        let engine = engine::find(request).await?;
        let cache = CacheUsage::of(&engine).await?;
        match args.format {
            Format::Json => return answer_json(invocation, &engine_json("given", &engine, cache)),
            Format::Table => given_rows(&engine, cache),
        }
    } else {
        let status = engine::status(request).await?;
        let now = SystemTime::now();
        match args.format {
            Format::Json => return answer_json(invocation, &local_json(&status, now)),
            Format::Table => local_rows(&status, now),
        }
    };
    let text = table(&rows, invocation.printer.answer_style());
    invocation.printer.answer(&text)?;
    Ok(exit::OK)
}

fn answer_json(invocation: &Invocation, value: &serde_json::Value) -> Result<u8, Failure> {
    invocation.printer.answer(&format!("{value:#}"))?;
    Ok(exit::OK)
}

type Rows = Vec<(&'static str, String)>;

/// What an engine says about itself, as rows that follow its state.
fn engine_rows(engine: &Engine, cache: CacheUsage) -> Rows {
    vec![
        ("version", format!("BuildKit {}", engine.version)),
        ("address", engine.address.to_string()),
        ("platforms", platforms(engine).join(", ")),
        (
            "cache",
            format!(
                "{} in {}",
                measure::bytes(cache.bytes),
                measure::count(cache.records, "record")
            ),
        ),
    ]
}

fn given_rows(engine: &Engine, cache: CacheUsage) -> Rows {
    let mut rows = vec![("engine", "given by --engine or BUILDKIT_HOST".to_owned())];
    rows.extend(engine_rows(engine, cache));
    rows
}

fn local_rows(status: &LocalStatus, now: SystemTime) -> Rows {
    let mut rows: Rows = Vec::new();
    match &status.running {
        Some(running) => {
            let uptime = uptime(running.since, now)
                .map(|uptime| format!(" for {}", measure::duration(uptime)))
                .unwrap_or_default();
            rows.push((
                "engine",
                format!("running{uptime} (process {})", running.pid),
            ));
            rows.extend(engine_rows(&running.engine, running.cache));
            if running.engine.outdated {
                rows.push(("outdated", OUTDATED.to_owned()));
            }
        }
        None => rows.push(("engine", "not running; a build starts it".to_owned())),
    }
    rows.push(("state", status.state_directory.display().to_string()));
    rows.push(("log", status.log.display().to_string()));
    rows
}

/// The members that every running engine has.
fn engine_json(kind: &str, engine: &Engine, cache: CacheUsage) -> serde_json::Value {
    json!({
        "kind": kind,
        "running": true,
        "version": engine.version,
        "address": engine.address.to_string(),
        "worker": engine.worker_id,
        "platforms": platforms(engine),
        "cache": cache,
    })
}

fn local_json(status: &LocalStatus, now: SystemTime) -> serde_json::Value {
    let mut value = match &status.running {
        Some(running) => {
            let mut value = engine_json("local", &running.engine, running.cache);
            value["pid"] = json!(running.pid);
            value["uptimeSeconds"] = json!(uptime(running.since, now).map(|time| time.as_secs()));
            value["outdated"] = json!(running.engine.outdated);
            value
        }
        None => json!({ "kind": "local", "running": false }),
    };
    value["stateDirectory"] = json!(status.state_directory);
    value["log"] = json!(status.log);
    value
}

fn uptime(since: Option<SystemTime>, now: SystemTime) -> Option<Duration> {
    now.duration_since(since?).ok()
}

fn platforms(engine: &Engine) -> Vec<String> {
    engine.platforms.iter().map(ToString::to_string).collect()
}

fn table(rows: &[(&str, String)], style: Style) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (name, value) in rows {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{}  {value}", style.bold(format!("{name:width$}")));
    }
    text
}

/// How often a followed log is looked at.
const PAUSE: Duration = Duration::from_millis(200);

async fn logs(request: &Request, args: &LogsArgs, invocation: &Invocation) -> Result<u8, Failure> {
    let path = log::path(request);
    let (mut reader, lines) = log::LogReader::open(&path, args.lines)?;
    if !path.exists() {
        invocation
            .printer
            .note(&format!("no log yet: {} does not exist", path.display()));
    }
    for line in lines {
        invocation.printer.answer(&line)?;
    }
    if !args.follow {
        return Ok(exit::OK);
    }
    // Until a signal drops us.
    loop {
        tokio::time::sleep(PAUSE).await;
        invocation.printer.answer(&reader.read_new()?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stopped_engine_says_where_its_state_is() {
        let status = LocalStatus {
            state_directory: "/var/lib/launchway".into(),
            log: "/var/lib/launchway/buildkitd.log".into(),
            running: None,
        };
        let rows = local_rows(&status, SystemTime::UNIX_EPOCH);
        insta::assert_snapshot!(table(&rows, Style::PLAIN), @r"
        engine  not running; a build starts it
        state   /var/lib/launchway
        log     /var/lib/launchway/buildkitd.log
        ");
        let json = local_json(&status, SystemTime::UNIX_EPOCH);
        assert_eq!(json["running"], false);
        assert!(json.get("address").is_none());
        assert_eq!(json["stateDirectory"], "/var/lib/launchway");
    }
}
