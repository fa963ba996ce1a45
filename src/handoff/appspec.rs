//! The appspec: copied byte for byte. CodePipeline itself puts the registered task definition's
//! ARN in the place of `<TASK_DEFINITION>`, so that text has to be there.

use super::error::Problem;
use super::{HandoffFile, Template};

/// What CodeDeployToECS replaces by the ARN of the task definition that it registers.
const TASK_DEFINITION: &str = "<TASK_DEFINITION>";

/// The appspec as `appspec` and the template's own extension; `yaml` is the action's default.
pub(super) fn copy(template: &Template) -> Result<HandoffFile, Problem> {
    if !template.text.contains(TASK_DEFINITION) {
        return Err(Problem::AppspecWithoutTaskDefinition {
            path: template.path.clone(),
        });
    }
    let extension = template
        .path
        .extension()
        .and_then(|extension| extension.to_str())
        .map_or_else(|| "yaml".to_owned(), str::to_ascii_lowercase);
    Ok(HandoffFile {
        path: format!("appspec.{extension}").into(),
        contents: template.text.clone().into_bytes(),
    })
}
