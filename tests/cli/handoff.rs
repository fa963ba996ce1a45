//! What is found about hand-offs before anything is built: by `plan` and `release --print`, without
//! an engine or a registry.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

/// A project of one image for linux/arm64 and a service; `service` is the inside of its block.
fn project(service: &str) -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /\n");
    environment.write(
        "docker-bake.hcl",
        r#"target "default" {
  tags      = ["123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:1"]
  platforms = ["linux/arm64"]
}
"#,
    );
    environment.write(
        "launchway.hcl",
        &format!("service \"shop\" {{\n{service}\n}}\n"),
    );
    environment.write(
        "taskdef.json",
        r#"{
  "family": "shop",
  "networkMode": "awsvpc",
  "requiresCompatibilities": ["FARGATE"],
  "cpu": "256",
  "memory": "512",
  "runtimePlatform": { "cpuArchitecture": "ARM64" },
  "containerDefinitions": [
    { "name": "web", "image": "<IMAGE>", "portMappings": [{ "containerPort": 80 }] }
  ]
}
"#,
    );
    environment.write(
        "appspec.yml",
        "version: 0.0
Resources:
  - TargetService:
      Type: AWS::ECS::Service
      Properties:
        TaskDefinition: <TASK_DEFINITION>
        LoadBalancerInfo:
          ContainerName: web
          ContainerPort: \"80\"
",
    );
    environment
}

const GOOD: &str = r#"
  taskdef = "taskdef.json"
  images  = { IMAGE = "default" }
"#;

#[test]
fn warnings_say_where_and_what_to_do() {
    let service = format!(
        "{GOOD}  appspec = \"appspec.yml\"\n  overrides = {{ containers = {{ web = {{ enviroment = {{}} }} }} }}"
    );
    let outcome = project(&service).run(&["plan", "--baseline", "none"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert_snapshot!(outcome.stderr, @r"
    warning: `overrides` of the service: containerDefinitions[0].enviroment: a task definition has no such member; it is handed on as it is; did you mean `environment`?
    warning: $WORK/appspec.yml:9:26: Resources[0].TargetService.Properties.LoadBalancerInfo.ContainerPort: the port is in quotes; written as the number 80
    ");
}

#[test]
fn a_platform_that_the_task_does_not_run_on() {
    let service = format!("{GOOD}  overrides = {{ runtimePlatform = null }}");
    let outcome = project(&service).run(&["plan", "--baseline", "none"]);
    assert_snapshot!(outcome.refusal(3), @r#"
    error: cannot hand off service `shop`: $WORK/taskdef.json:9:31: containerDefinitions[0].image: target `default` was released for linux/arm64, and the task runs on linux/amd64
    hint: the container would not start ("exec format error"): add linux/amd64 to the target's platforms, or set runtimePlatform.cpuArchitecture to "ARM64", whose default is "X86_64"
    "#);
}

#[test]
fn the_plan_says_what_services_are_made_of() {
    let outcome = project(GOOD).run(&["release", "--print", "--baseline", "none"]);
    let plan: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let expected = serde_json::json!([{
        "name": "shop",
        "taskdef": "taskdef.json",
        "appspec": null,
        "mode": "render",
        "images": { "IMAGE": "default" },
    }]);
    assert_eq!(plan["services"], expected);
}

#[test]
fn nothing_is_released_after_a_failed_phase_of_codebuild() {
    let environment = project(GOOD);
    let arguments = ["release", "--baseline", "none"];
    let outcome = environment.run_with("CODEBUILD_BUILD_SUCCEEDING", "0", &arguments);
    assert_snapshot!(outcome.refusal(15), @r"
    error: nothing is released: CODEBUILD_BUILD_SUCCEEDING is 0, an earlier phase failed
    hint: run `launchway release` in the `build` phase, or mend the phase that failed; `post_build` runs after a failed build, too
    ");
    assert!(!environment.directory().join("launchway-out").exists());
    // What only looks is allowed.
    let arguments = ["release", "--print", "--baseline", "none"];
    let outcome = environment.run_with("CODEBUILD_BUILD_SUCCEEDING", "0", &arguments);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}
