//! `launchway iam`: the least-privilege policy of a verb.

use crate::config::Blocks;
use crate::exit;
use crate::iam::{
    Defaults, MANAGED_LIMIT, Needs, PipelineNeed, Place, Policy, Verb, cloudformation, policy,
    terraform,
};
use crate::ui::Failure;

use super::Invocation;
use super::args::{ConfigArgs, ReleaseArgs, SociArgs};
use super::project::Project;

const EXAMPLES: &str = "\
Examples:
  launchway iam release                          # for the role of the build project
  launchway iam release parameter history        # one policy for both
  launchway iam soci attach --format terraform
  launchway iam approve --pipeline shop --stage Approve

AWS is not asked. Verbs: release, bake, build, plan, soci attach|inspect|verify|explain, scan,
handoff pull|write, parameter set|get|history, approve, notify, prune, prune apply.

Exit codes: 0 done, 2 no such verb, 3 configuration.";

/// Arguments of `iam`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The verbs that the policy is for: `release`, `soci attach`, …
    #[arg(value_name = "VERB", required = true)]
    pub verbs: Vec<String>,

    /// The files.
    #[command(flatten)]
    pub config: ConfigArgs,

    /// For approve: the pipeline; may be repeated
    #[arg(long, value_name = "NAME", help_heading = "Resources")]
    pub pipeline: Vec<String>,

    /// For approve: the stage whose approvals are answered [default: any]
    #[arg(long, value_name = "STAGE", help_heading = "Resources")]
    pub stage: Option<String>,

    /// For approve: the action that is answered [default: any]
    #[arg(
        long,
        value_name = "ACTION",
        requires = "stage",
        help_heading = "Resources"
    )]
    pub action: Option<String>,

    /// The account of resources outside of ECR [default: that of the ECR registries]
    #[arg(long, value_name = "ID", value_parser = account, help_heading = "Resources")]
    pub account: Option<String>,

    /// The region of resources that name none [default: `AWS_REGION`, or that of the ECR
    /// registries]
    #[arg(long, value_name = "REGION", help_heading = "Resources")]
    pub region: Option<String>,

    /// How it is printed: json, cloudformation or terraform
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "json")]
    #[arg(hide_possible_values = true)]
    pub format: Format,
}

/// How a policy is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// The policy document.
    Json,
    /// A template with a managed policy, in JSON.
    Cloudformation,
    /// The data source `aws_iam_policy_document`.
    Terraform,
}

fn account(text: &str) -> Result<String, String> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    Err("an account id has twelve digits".to_owned())
}

pub(crate) fn run(args: &Args, invocation: &Invocation) -> Result<u8, Failure> {
    let verbs = Verb::parse(&args.verbs)?;
    if verbs.contains(&Verb::Approve) && args.pipeline.is_empty() {
        return Err(
            Failure::usage("approve is for a pipeline, and none is named")
                .hint("Add --pipeline NAME; it may be repeated."),
        );
    }
    let (mut needs, place) = needs(args, invocation, &verbs)?;
    needs.pipelines = pipelines(args, &place);
    let policy = policy(&verbs, &needs);
    if verbs.iter().any(|verb| verb.builds()) {
        warn_of_bases(invocation, &needs);
    }
    let printer = &invocation.printer;
    if policy.statements.is_empty() {
        let verbs = args.verbs.join(" ");
        printer.note(&format!(
            "launchway {verbs} asks AWS for nothing in this configuration, so it needs no policy."
        ));
        return Ok(exit::OK);
    }
    warn(invocation, &policy);
    let text = match args.format {
        Format::Json => policy.to_json(),
        Format::Cloudformation => {
            let description = format!("What launchway {} needs", args.verbs.join(" "));
            cloudformation(&policy, &description)
        }
        Format::Terraform => terraform(&policy),
    };
    printer.answer(&text)?;
    Ok(exit::OK)
}

fn needs(args: &Args, invocation: &Invocation, verbs: &[Verb]) -> Result<(Needs, Place), Failure> {
    let environment = &invocation.context.environment;
    let region = args.region.as_deref();
    let region = region
        .or_else(|| environment.get("AWS_REGION"))
        .or_else(|| environment.get("AWS_DEFAULT_REGION"));
    let defaults = Defaults {
        region: region.map(str::to_owned),
        account: args.account.clone(),
    };
    if !verbs.iter().any(|verb| verb.is_configured()) {
        return Ok(Needs::nothing(&defaults));
    }
    let project = Project::configuration(invocation, &args.config, Blocks::All)?;
    let release = ReleaseArgs::default();
    let plan = project.release_plan(invocation, &release, SociArgs::default(), false)?;
    Ok(Needs::of(&plan, &project.bake.settings, &defaults))
}

fn pipelines(args: &Args, place: &Place) -> Vec<PipelineNeed> {
    let names = args.pipeline.iter();
    let pipelines = names.map(|name| PipelineNeed {
        place: place.clone(),
        name: name.clone(),
        stage: args.stage.clone(),
        action: args.action.clone(),
    });
    pipelines.collect()
}

/// Base images that may be on ECR for all that is known.
fn warn_of_bases(invocation: &Invocation, needs: &Needs) {
    for (target, unknown) in &needs.unknown_bases {
        let what = if unknown.unseen {
            "its Dockerfile is not on this machine".to_owned()
        } else {
            let names: Vec<&str> = unknown.names.iter().map(String::as_str).collect();
            format!("its Dockerfile names {}", names.join(", "))
        };
        invocation.printer.warn(&format!(
            "the base images of target {target} are not all known: {what}; where they are on ECR, \
             add pulling from them"
        ));
    }
}

fn warn(invocation: &Invocation, policy: &Policy) {
    let open = policy.open_parts();
    if !open.is_empty() {
        let flags: Vec<String> = open.iter().map(|part| format!("--{part}")).collect();
        invocation.printer.warn(&format!(
            "the {} of some resources is not known, so they are open there; say it with {}",
            open.join(" and "),
            flags.join(" and ")
        ));
    }
    let size = policy.size();
    if size > MANAGED_LIMIT {
        invocation.printer.warn(&format!(
            "the policy has {size} characters, and a managed policy holds {MANAGED_LIMIT}; make \
             one for each verb, or use it as an inline policy of a role, which holds 10240"
        ));
    }
}
