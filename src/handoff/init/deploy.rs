//! The stages after the build: an approval when it is wanted, and one stage for each service, which
//! is skipped when the release changed none of its images.

use std::collections::BTreeSet;

use super::buildspec::variable_of;
use super::text::Text;
use super::{Kind, Service, Setup, logical};

/// The parameters of the deploy actions.
pub(super) fn parameters(text: &mut Text, setup: &Setup) {
    for service in &setup.services {
        let prefix = logical(&service.name);
        let mut parameter = |name: &str, default: Option<&str>, description: &str| {
            text.add(2, &format!("{prefix}{name}:\n  Type: String"));
            if let Some(default) = default {
                text.add(4, &format!("Default: {default}"));
            }
            text.add(4, &format!("Description: {description}"));
        };
        match service.kind {
            Kind::BlueGreen => {
                // The names that the ECS console gives them.
                let console = |what: &str| {
                    let cut = |name: &str| name.chars().take(47).collect::<String>();
                    let (cluster, name) = (service.cluster.as_ref()?, service.service.as_ref()?);
                    Some(format!("{what}-{}-{}", cut(last(cluster)), cut(last(name))))
                };
                let name = &service.name;
                parameter(
                    "Application",
                    console("AppECS").as_deref(),
                    &format!("The CodeDeploy application of {name}"),
                );
                parameter(
                    "DeploymentGroup",
                    console("DgpECS").as_deref(),
                    "Its deployment group; both must exist before the first run",
                );
            }
            Kind::Rolling | Kind::EcsBlueGreen => {
                let name = &service.name;
                parameter(
                    "Cluster",
                    service.cluster.as_deref().map(last),
                    &format!("The ECS cluster of {name}, by name"),
                );
                parameter(
                    "Service",
                    service.service.as_deref().map(last),
                    &format!("The ECS service of {name}; it must exist before the first run"),
                );
            }
            Kind::Batch => {}
        }
    }
    if needs_roles(setup) {
        text.add(2, ROLES);
    }
}

const ROLES: &str = "\
TaskRoles:
  Type: CommaDelimitedList
  Description: The ARNs of the task and execution roles in the task definitions
";

/// A cluster's or service's name: of an ARN, the end.
pub(super) fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Whether any task definition has a role that the template does not know.
fn needs_roles(setup: &Setup) -> bool {
    let mut services = setup.services.iter();
    services.any(|service| service.unknown_roles)
}

/// All stages after the build.
pub(super) fn stages(text: &mut Text, setup: &Setup) {
    let deployed = || setup.services.iter().filter(|one| one.kind != Kind::Batch);
    if setup.approval && deployed().next().is_some() {
        text.add(8, "- Name: Approve");
        condition(text, deployed());
        text.add(10, APPROVE);
        let images: BTreeSet<String> = deployed()
            .flat_map(|service| &service.targets)
            .map(|target| format!("#{{BuildVariables.{}}}", variable_of(target)))
            .collect();
        // CodePipeline takes 1,000 characters here, and a reference has about 150.
        if (1..=5).contains(&images.len()) {
            let images: Vec<String> = images.into_iter().collect();
            let images = images.join(" ");
            text.add(14, &format!("Configuration:\n  CustomData: \"{images}\""));
        }
    }
    for service in deployed() {
        stage(text, service);
    }
}

const APPROVE: &str = "\
Actions:
  # Answered in the console, or by `launchway approve`.
  - Name: Approve
    ActionTypeId:
      Category: Approval
      Owner: AWS
      Provider: Manual
      Version: \"1\"
";

/// An entry condition: the stage is skipped when none of these services has anything to deploy.
fn condition<'a>(text: &mut Text, services: impl Iterator<Item = &'a Service>) {
    let names: Vec<String> = services
        .map(|service| service.name.replace('.', "[.]"))
        .collect();
    text.add(10, &CONDITION.replace("NAMES", &names.join("|")));
}

const CONDITION: &str = "\
BeforeEntry:
  Conditions:
    - Result: SKIP
      Rules:
        - Name: HasSomethingToDeploy
          RuleTypeId:
            Category: Rule
            Owner: AWS
            Provider: VariableCheck
            Version: \"1\"
          Configuration:
            Variable: \"#{BuildVariables.LAUNCHWAY_SERVICES_TO_DEPLOY}\"
            Operator: MATCHES
            Value: \"^(.* )?(NAMES)( .*)?$\"
";

fn stage(text: &mut Text, service: &Service) {
    let name = super::identifier(&service.name);
    text.add(8, &format!("- Name: Deploy-{name}"));
    condition(text, std::iter::once(service));
    let provider = match service.kind {
        Kind::BlueGreen => "CodeDeployToECS",
        _ => "ECS",
    };
    text.add(10, &ACTION.replace("PROVIDER", provider));
    text.add(14, "Configuration:");
    match service.kind {
        Kind::BlueGreen => blue_green(text, service, &name),
        _ => rolling(text, service),
    }
    text.add(14, &format!("InputArtifacts:\n  - Name: {name}"));
    for image in service.pipeline_images() {
        text.add(16, &format!("- Name: {}", service.image_artifact(image)));
    }
}

const ACTION: &str = "\
Actions:
  - Name: Deploy
    ActionTypeId:
      Category: Deploy
      Owner: AWS
      Provider: PROVIDER
      Version: \"1\"
";

fn blue_green(text: &mut Text, service: &Service, artifact: &str) {
    let prefix = logical(&service.name);
    let appspec = service.appspec().unwrap_or("appspec.yaml");
    text.add(
        16,
        &format!(
            "\
ApplicationName: !Ref {prefix}Application
DeploymentGroupName: !Ref {prefix}DeploymentGroup
TaskDefinitionTemplateArtifact: {artifact}
TaskDefinitionTemplatePath: taskdef.json
AppSpecTemplateArtifact: {artifact}
# Without this it is appspec.yaml, whatever the artifact has.
AppSpecTemplatePath: {appspec}"
        ),
    );
    for (number, image) in service.pipeline_images().iter().enumerate() {
        let number = number + 1;
        text.add(
            16,
            &format!(
                "Image{number}ArtifactName: {}\nImage{number}ContainerName: {}",
                service.image_artifact(image),
                image.placeholder
            ),
        );
    }
}

fn rolling(text: &mut Text, service: &Service) {
    let prefix = logical(&service.name);
    text.add(
        16,
        &format!(
            "\
# Replaces images in the task definition that runs, and nothing else of it.
ClusterName: !Ref {prefix}Cluster
ServiceName: !Ref {prefix}Service
FileName: imagedefinitions.json
DeploymentTimeout: \"60\""
        ),
    );
    if service.kind == Kind::EcsBlueGreen {
        text.add(
            16,
            "# The service's own deployment strategy shifts the traffic; its bake time counts here.",
        );
    }
}
