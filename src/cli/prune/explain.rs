//! `launchway prune explain`: why one image stays or goes.

use std::str::FromStr;

use crate::exit;
use crate::prune::document::explanation;
use crate::prune::explain::{Wanted, explain};
use crate::prune::{
    EcrRepository, NamePattern, Plan, Refusal, RefusalCode, RefusalSubject, RepositoryPlan,
};
use crate::ui::{Failure, prune_explained};

use super::ground::{Ground, GroundArgs};
use super::output::Format;
use crate::cli::Invocation;

const EXAMPLES: &str = "\
Examples:
  launchway prune explain shop/web:v1.2.3
  launchway prune explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web@sha256:0123456789ab
  launchway prune explain shop/web --format json

Nothing is removed. The exit code is 0 whatever is found; 2 no such image, 3 configuration, 12 AWS refused.";

/// Arguments of `prune explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The image: a repository with a tag, or with a digest or its first digits [default tag: latest]
    #[arg(value_name = "IMAGE")]
    pub image: ImageName,

    /// How it is printed: table or json
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table")]
    #[arg(hide_possible_values = true)]
    pub format: Format,

    /// Configuration and cases.
    #[command(flatten)]
    pub ground: GroundArgs,
}

/// `[HOST/]REPOSITORY[:TAG|@sha256:DIGITS]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageName {
    /// The repository with its registry, where the text has one.
    exact: Option<EcrRepository>,
    /// The name of the repository.
    name: String,
    wanted: Wanted,
}

impl FromStr for ImageName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        let (name, tag) = match name.rsplit_once(':') {
            // A colon before a slash is that of a port.
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag)),
            _ => (name, None),
        };
        let wanted = match (digest, tag) {
            (Some(digest), _) => {
                let digits = digest.strip_prefix("sha256:").unwrap_or_default();
                if digits.len() < 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                    return Err("expected sha256: and at least six hexadecimal digits".to_owned());
                }
                Wanted::Digest(digest.to_ascii_lowercase())
            }
            (None, tag) => Wanted::Tag(tag.unwrap_or("latest").to_owned()),
        };
        let exact = name
            .split_once('/')
            .and_then(|(host, path)| EcrRepository::of(host, path));
        let name = exact
            .as_ref()
            .map_or_else(|| name.to_owned(), |one| one.name.clone());
        if name.is_empty() {
            return Err("the name of the repository is missing".to_owned());
        }
        Ok(Self {
            exact,
            name,
            wanted,
        })
    }
}

pub(super) async fn run(args: Args, invocation: &Invocation) -> Result<u8, Failure> {
    let ground = Ground::read(&args.ground, invocation).await?;
    let ImageName { name, .. } = &args.image;
    let rules = &ground.settings.repositories;
    if !rules.iter().any(|rule| rule.pattern.covers(name)) {
        let message = format!("no `repository` of the prune block covers {name}");
        return Err(Failure::new(exit::CONFIGURATION, message)
            .hint("What no rule covers is never looked at, and never removed."));
    }
    let only: NamePattern = name.parse().map_err(Failure::usage)?;
    let progress = ground.progress(invocation);
    let plan = ground.plan(&[only], false, &*progress).await;
    progress.finish();
    unlisted(&plan, &args.image)?;
    let repository = choose(&plan.repositories, &args.image)?;
    let held = !plan.may_apply(repository);
    let explanation = explain(repository, &args.image.wanted)?;
    match args.format {
        Format::Json => invocation.printer.answer_with(|out| {
            explanation::write(
                out,
                &explanation,
                repository,
                &plan,
                env!("CARGO_PKG_VERSION"),
            )
        })?,
        Format::Table => {
            let style = invocation.printer.answer_style();
            let archive = repository.archive;
            let text = prune_explained(&explanation, archive, held, plan.created_at, style);
            invocation.printer.answer(&text)?;
        }
    }
    Ok(exit::OK)
}

/// Fails when a list did not load that the answer would stand on.
fn unlisted(plan: &Plan, image: &ImageName) -> Result<(), Failure> {
    let here = plan.repositories.iter();
    let here = here.filter(|one| one.repository.name == image.name);
    let cases = here.flat_map(|one| &one.refusals).chain(&plan.refusals);
    // Uses that are not known leave what is known of the image to be told, and hold it.
    let failed = |case: &&Refusal| {
        case.code == RefusalCode::ListFailed && case.subject != RefusalSubject::Everything
    };
    match cases.into_iter().find(failed) {
        None => Ok(()),
        Some(case) => {
            Err(Failure::new(exit::REGISTRY, case.detail.clone()).temporary(case.temporary))
        }
    }
}

/// The repository that is meant, of all that have its name.
fn choose<'a>(
    plans: &'a [RepositoryPlan],
    image: &ImageName,
) -> Result<&'a RepositoryPlan, Failure> {
    let found: Vec<&RepositoryPlan> = plans
        .iter()
        .filter(|plan| match &image.exact {
            Some(exact) => plan.repository == *exact,
            None => plan.repository.name == image.name,
        })
        .collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => {
            let shown = match &image.exact {
                Some(exact) => exact.to_string(),
                None => image.name.clone(),
            };
            let message = format!("no account and region of the configuration has {shown}");
            Err(Failure::usage(message))
        }
        several => {
            let mut failure = Failure::usage(format!(
                "{} repositories are named {}",
                several.len(),
                image.name
            ));
            for one in several {
                failure.causes.push(one.repository.to_string());
            }
            Err(failure.hint("Name one of them with its registry."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_by_tag_and_by_digest() {
        let read = |text: &str| text.parse::<ImageName>().unwrap();
        let web = read("shop/web:v1");
        assert_eq!((web.exact, web.name.as_str()), (None, "shop/web"));
        assert_eq!(web.wanted, Wanted::Tag("v1".to_owned()));
        assert_eq!(read("web").wanted, Wanted::Tag("latest".to_owned()));
        let host = "123456789012.dkr.ecr-fips.eu-west-1.amazonaws.com";
        let exact = read(&format!("{host}/shop/web:v1@sha256:0123ABCD"));
        let web = EcrRepository::private("123456789012", "eu-west-1", "shop/web");
        assert_eq!((exact.exact, exact.name.as_str()), (Some(web), "shop/web"));
        assert_eq!(exact.wanted, Wanted::Digest("sha256:0123abcd".to_owned()));
        for bad in ["web@sha256:01", "web@v1", "web@sha256:0123xyz", ":v1", ""] {
            assert!(bad.parse::<ImageName>().is_err(), "{bad}");
        }
    }
}
