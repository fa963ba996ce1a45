//! `launchway scan`: look at images for vulnerabilities, by the rules of the `scan` block.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::{Blocks, ScanSettings};
use crate::exit;
use crate::registry::{Reference, ReferenceTarget};
use crate::release::{Observer, scan_event, write_atomically};
use crate::scan::{
    self, NoResult, Policy, Report, Scanner, ScannerKind, Severity, Subject, Unchanged, sarif,
};
use crate::ui::{Failure, scan_table};

use super::args::ConfigArgs;
use super::project::Project;
use super::{Invocation, failure, gate, parse};

const EXAMPLES: &str = "\
Examples:
  launchway scan registry.example.com/app:1 --scanner trivy
  launchway scan 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:production
  launchway scan APP:1 --severity CRITICAL --only-fixable
  launchway scan APP:1 --format sarif --output scan.sarif

Every platform's image is scanned by its digest, never the index. The rules come from the `scan`
block, when there is a configuration here; flags win. No bake file is needed.

Exit codes: 0 passed, 3 configuration, 12 registry or credentials, 13 refused, 75 temporary.";

/// How many findings of an image are listed in a table.
const LISTED: usize = 1000;
/// The files that are read where none is named.
const FILES: [&str; 5] = [
    "docker-bake.json",
    "docker-bake.hcl",
    "docker-bake.override.json",
    "docker-bake.override.hcl",
    "launchway.hcl",
];

/// Arguments of `scan`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// Images: tags, or digests; indexes or manifests
    #[arg(value_name = "REF", required = true)]
    pub references: Vec<Reference>,

    /// Who looks: ecr, trivy or command [default: as the `scan` block says, else ecr]
    #[arg(long, value_name = "SCANNER", value_parser = parse::scanner)]
    pub scanner: Option<ScannerKind>,

    /// Findings of this severity and above fail: CRITICAL, HIGH, MEDIUM, LOW, INFORMATIONAL or
    /// UNDEFINED [default: as the `scan` block says, else HIGH]
    #[arg(long, value_name = "SEVERITY", value_parser = parse::severity)]
    pub severity: Option<Severity>,

    /// Findings that no version mends do not fail
    #[arg(long)]
    pub only_fixable: bool,

    /// What happens where a scanner has no result: fail or warn [default: as the `scan`
    /// block says, else fail]
    #[arg(long, value_name = "WHAT", value_parser = parse::no_result)]
    pub no_result: Option<NoResult>,

    /// How long one platform's image may take, for example 90s [default: as the
    /// `scan` block says, else 10m]
    #[arg(long, value_name = "DURATION", value_parser = parse::timeout)]
    pub timeout: Option<Duration>,

    /// How it is printed: table, json or sarif
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,

    /// Write it to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// The files with the `scan` block.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
    /// For code scanning.
    Sarif,
}

pub(crate) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let settings = settings(&args, invocation)?;
    for reference in &args.references {
        gate::check_host(settings.scanner, reference.repository())?;
    }
    let scanner = gate::scanner(invocation, &settings)?;
    let registry = invocation.registry_client()?;
    let mut subjects = Vec::new();
    for reference in &args.references {
        subjects.push(scan::resolve(&registry, reference).await?);
    }
    let report = examine(invocation, &*scanner, &settings.policy, &subjects).await?;
    let text = match args.format {
        Format::Table => {
            let style = match args.output {
                Some(_) => crate::ui::Style::PLAIN,
                None => invocation.printer.answer_style(),
            };
            scan_table(&report, LISTED, style)
        }
        Format::Json => report.to_json(),
        Format::Sarif => sarif::to_text(&report),
    };
    if let Some(path) = &args.output {
        write_atomically(&invocation.context.resolve(path), text.as_bytes())?;
    } else if args.format == Format::Table {
        // The table stands apart from the progress above it, and from the failure below.
        invocation.printer.note("\n");
        invocation.printer.answer(&text)?;
        invocation.printer.note("\n");
    } else {
        invocation.printer.answer(&text)?;
    }
    if report.passed {
        return Ok(exit::OK);
    }
    let refused: Vec<&str> = report.refused().map(|one| one.name.as_str()).collect();
    let message = match refused.as_slice() {
        [one] => format!("{one} is refused"),
        several => format!(
            "{} of {} images are refused",
            several.len(),
            report.images.len()
        ),
    };
    Err(failure::refused(message, &report))
}

/// Scans with progress on stderr.
async fn examine(
    invocation: &Invocation,
    scanner: &dyn Scanner,
    policy: &Policy,
    subjects: &[Subject],
) -> Result<Report, Failure> {
    let progress = invocation.progress("scan");
    let observer: Observer = progress.observer();
    let kind = scanner.kind();
    let listener = |step: scan::Progress<'_>| {
        let mut event = scan_event(kind, step);
        if let crate::release::Event::ScanStarted { target, .. }
        | crate::release::Event::ScanCompleted { target, .. } = &mut event
        {
            *target = short(target);
        }
        observer(event);
    };
    let report = scan::examine(scanner, policy, gate::today(), subjects, &listener).await;
    progress.finish();
    Ok(report?)
}

/// `app:1` for `registry.example.com/shop/app:1`, and of a digest its first digits: a line of a log
/// has room for no more.
fn short(reference: &str) -> String {
    let Ok(reference) = reference.parse::<Reference>() else {
        return reference.to_owned();
    };
    let path = reference.repository().path();
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    match reference.target() {
        ReferenceTarget::Tag(tag) => format!("{name}:{tag}"),
        ReferenceTarget::Digest(digest) => format!("{name}@{}", digest.short()),
    }
}

/// The `scan` block, if there is one, and the flags over it.
fn settings(args: &Args, invocation: &Invocation) -> Result<ScanSettings, Failure> {
    let directory = &invocation.context.directory;
    let named = !args.config.files.files.is_empty()
        || invocation
            .context
            .environment
            .get("BUILDX_BAKE_FILE")
            .is_some();
    let there = named || FILES.iter().any(|name| directory.join(name).is_file());
    let declared = if there {
        let blocks = Blocks::Only(&["scan"]);
        let project = Project::configuration(invocation, &args.config, blocks)?;
        project.bake.settings.scan
    } else {
        None
    };
    let mut settings = declared.unwrap_or_default();
    let policy = &mut settings.policy;
    policy.severity = args.severity.unwrap_or(policy.severity);
    policy.only_fixable |= args.only_fixable;
    policy.no_result = args.no_result.unwrap_or(policy.no_result);
    // There is no baseline here: every image is looked at as if it were new.
    policy.unchanged = Unchanged::default();
    settings.timeout = args.timeout.unwrap_or(settings.timeout);
    settings.scanner = args.scanner.unwrap_or(settings.scanner);
    if settings.scanner == ScannerKind::Command && settings.command.is_empty() {
        return Err(Failure::usage(
            "--scanner command needs a `scan` block that names the command",
        )
        .hint("scan {\n  scanner = \"command\"\n  command = [\"program\", \"{reference}\"]\n}"));
    }
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_names_images_shortly() {
        assert_eq!(short("r.example:5000/shop/app:1"), "app:1");
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(
            short(&format!("r.example/app@{digest}")),
            "app@0123456789ab"
        );
        assert_eq!(short("web"), "web:latest");
    }
}
