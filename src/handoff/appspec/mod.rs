//! The appspec of an ECS deployment: a file that is checked and handed on byte for byte but for what
//! has to be mended, or one made from the block's object.
//!
//! CodePipeline itself puts the registered task definition's ARN in the place of
//! `<TASK_DEFINITION>`, so that text stays. Source of the rules: AWS CodeDeploy user guide, reference
//! of the appspec file, sections "resources" and "hooks" for ECS.

mod check;
mod generate;
mod node;
mod rule;

use crate::config::{AppspecBlock, AppspecSource};

use super::container::Container;
use super::location::Location;
use super::problem::Problem;
use super::{HandoffFile, Template};

pub use rule::AppspecRule;

/// What CodeDeployToECS replaces by the ARN of the task definition that it registers.
const TASK_DEFINITION: &str = "<TASK_DEFINITION>";

/// The lifecycle events that can have a hook, in their order.
const HOOKS: [&str; 5] = [
    "BeforeInstall",
    "AfterInstall",
    "AfterAllowTestTraffic",
    "BeforeAllowTraffic",
    "AfterAllowTraffic",
];

/// The appspec of a service, if it has one. `containers` are those of its task definition; without
/// one they cannot be compared.
pub(super) fn make(
    source: Option<&AppspecSource>,
    template: Option<&Template>,
    containers: Option<&[Container]>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<HandoffFile> {
    match (source, template) {
        (Some(AppspecSource::Block(block)), _) => {
            Some(from_block(block, containers, problems, warnings))
        }
        (_, Some(template)) => from_file(template, containers, problems, warnings),
        _ => None,
    }
}

/// The file as `appspec` and its own extension; `yaml` is the action's default.
fn from_file(
    template: &Template,
    containers: Option<&[Container]>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> Option<HandoffFile> {
    let extension = template
        .path
        .extension()
        .and_then(|extension| extension.to_str())
        .map_or_else(|| "yaml".to_owned(), str::to_ascii_lowercase);
    let root = match extension.as_str() {
        "json" => node::from_json(template),
        "yaml" | "yml" => node::from_yaml(template),
        other => Err(Problem::Appspec {
            location: Location::attribute("appspec"),
            rule: AppspecRule::Extension {
                extension: other.to_owned(),
            },
        }),
    };
    let root = match root {
        Ok(root) => root,
        Err(problem) => {
            problems.push(problem);
            return None;
        }
    };
    let found = check::check(&root, containers);
    problems.extend(found.problems);
    warnings.extend(found.warnings);
    Some(HandoffFile {
        path: format!("appspec.{extension}").into(),
        contents: check::mended(&template.text, found.mends).into_bytes(),
    })
}

fn from_block(
    block: &AppspecBlock,
    containers: Option<&[Container]>,
    problems: &mut Vec<Problem>,
    warnings: &mut Vec<Problem>,
) -> HandoffFile {
    let file = generate::file(block);
    let text = String::from_utf8_lossy(&file.contents).into_owned();
    let template = Template {
        path: file.path.clone(),
        text,
    };
    // What was made is read back and checked like any other appspec; places in it would be places in
    // a file that nobody wrote, so they become places in the attribute.
    let root = if file
        .path
        .extension()
        .is_some_and(|extension| extension == "json")
    {
        node::from_json(&template)
    } else {
        node::from_yaml(&template)
    };
    match root {
        Ok(root) => {
            let found = check::check(&root.in_attribute("appspec"), containers);
            problems.extend(found.problems);
            warnings.extend(found.warnings);
        }
        Err(problem) => problems.push(problem),
    }
    file
}

#[cfg(test)]
mod tests;
