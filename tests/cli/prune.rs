//! `launchway prune` as far as it goes without AWS: its arguments, its configuration, saved plans, and credentials.

use insta::assert_snapshot;

use crate::environment::{Outcome, TestEnvironment};

fn help(verb: &[&str]) -> String {
    let arguments = [verb, &["--help"]].concat();
    TestEnvironment::new().run(&arguments).answer()
}

#[test]
fn help_of_prune() {
    assert_snapshot!(help(&["prune"]), @"
    Delete old images of ECR that nothing needs any more

    Usage: launchway prune [OPTIONS] [REPOSITORY]...
           launchway prune <ACTION>

    Actions:
      explain  Say why one image stays or goes
      init     Print a first `prune` block, made from what is there or from an ecrm.yaml

    Arguments:
      [REPOSITORY]...  Repositories, of those that the `prune` block has rules for; `*` and `?` match
                       names [default: all of them]

    Options:
          --apply                 Remove what may go
          --plan <FILE>           With --apply: remove only what this file has, too, which --output
                                  wrote
      -y, --yes                   With --apply: do not ask on a terminal
          --fresh-for <DURATION>  With --apply: how old an answer about what is in use may be when
                                  images are removed [default: 30s]
      -o, --output <FILE>         Write the plan to this file, also when prune refuses
          --format <FORMAT>       How the plan, or with --apply the result, is printed: table or json
                                  [default: table]
          --images                List every image with its reason, too
          --exact-size            Read every image, so that layers are counted once and only where
                                  nothing kept has them
          --allow <CASE>          Do not refuse in this case, for example nothing-in-use:tools or
                                  too-many; may be repeated
      -h, --help                  Print help

    What to build:
      -f, --file <FILE>  Bake file; may be repeated [default: docker-bake.hcl, docker-bake.json and
                         their `.override` forms]
          --env <NAME>   Environment to use the values of [env: LAUNCHWAY_ENV]

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway prune                                # the plan; nothing is removed
      launchway prune 'shop/*' --images              # each image, with its reason
      launchway prune --apply                        # plan and remove, in a scheduled job
      launchway prune -o plan.json                   # save the plan, look at it,
      launchway prune --apply --plan plan.json       # and remove what of it may still go
      launchway prune --allow nothing-in-use:tools   # let this case not hold the run back
      launchway prune explain shop/web:v1.2.3        # why an image stays or goes
      launchway prune init -o launchway.hcl          # a first configuration

    A repository whose name is `explain` or `init` is written as a pattern: 'explai[n]'.

    Exit codes: 0 done, also when nothing goes; 3 configuration, 12 AWS refused or an image could not be
    removed, 16 refused for safety, 75 temporary, 130 cancelled.
    ");
}

#[test]
fn help_of_explain() {
    assert_snapshot!(help(&["prune", "explain"]), @"
    Say why one image stays or goes

    Usage: launchway prune explain [OPTIONS] <IMAGE>

    Arguments:
      <IMAGE>  The image: a repository with a tag, or with a digest or its first digits [default tag:
               latest]

    Options:
          --format <FORMAT>  How it is printed: table or json [default: table]
          --allow <CASE>     Do not refuse in this case, for example nothing-in-use:tools or too-many;
                             may be repeated
      -h, --help             Print help

    What to build:
      -f, --file <FILE>  Bake file; may be repeated [default: docker-bake.hcl, docker-bake.json and
                         their `.override` forms]
          --env <NAME>   Environment to use the values of [env: LAUNCHWAY_ENV]

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway prune explain shop/web:v1.2.3
      launchway prune explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web@sha256:0123456789ab
      launchway prune explain shop/web --format json

    Nothing is removed. The exit code is 0 whatever is found; 2 no such image, 3 configuration, 12 AWS
    refused.
    ");
}

#[test]
fn help_of_init() {
    assert_snapshot!(help(&["prune", "init"]), @"
    Print a first `prune` block, made from what is there or from an ecrm.yaml

    Usage: launchway prune init [OPTIONS]

    Options:
          --from <FILE>      Convert this configuration of ecrm instead of looking at AWS
          --region <REGION>  A region to look at; may be repeated [default: the one that AWS is
                             configured for]
      -o, --output <FILE>    Write it to this file, which must not be there yet
      -h, --help             Print help

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway prune init -o launchway.hcl
      launchway prune init --region eu-west-1 --region us-east-1 -o launchway.hcl
      launchway prune init --from ecrm.yaml          # AWS is not asked

    Nothing is removed. Exit codes: 0 done, 3 the ecrm.yaml is wrong, 12 AWS refused, 75 temporary.
    ");
}

/// A project whose block has rules for `shop/*`.
fn project() -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.write(
        "launchway.hcl",
        "prune {\n  expire = \"90d\"\n  repository \"shop/*\" {}\n}\n",
    );
    environment
}

/// A run that could reach AWS, and has no credentials.
fn without_credentials(environment: &TestEnvironment, arguments: &[&str]) -> Outcome {
    let mut command = environment.command(arguments);
    command
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "eu-west-1");
    environment.outcome(&command.output().unwrap())
}

#[test]
fn without_a_block_there_is_nothing_to_go_by() {
    let environment = TestEnvironment::new();
    environment.write("launchway.hcl", "release {}\n");
    assert_snapshot!(environment.run(&["prune"]).refusal(3), @"
    error: the configuration has no `prune` block
    hint: `launchway prune init` prints one to begin with; it goes into launchway.hcl.
    ");
}

#[test]
fn without_credentials_nothing_is_asked() {
    let environment = project();
    assert_snapshot!(without_credentials(&environment, &["prune"]).refusal(12), @"
    error: ecr:DescribeRepositories in eu-west-1: there are no usable AWS credentials
      caused by: the credential provider was not enabled
      caused by: no credentials found in chain. Attempted:
          Environment: the credential provider was not enabled: environment variable not set
          Profile: the credential provider was not enabled
          WebIdentityToken: the credential provider was not enabled: $AWS_WEB_IDENTITY_TOKEN_FILE was not set
          EcsContainer: the credential provider was not enabled: ECS provider not configured
          Ec2InstanceMetadata: the credential provider was not enabled: IMDS disabled by AWS_EC2_METADATA_DISABLED env var set to `true`
    hint: Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run this with the role of a container, build project or instance; `aws sts get-caller-identity` shows what is found.
    ");
    let outcome = without_credentials(&environment, &["prune", "explain", "shop/web:v1"]);
    assert!(outcome.refusal(12).contains("no usable AWS credentials"));
}

#[test]
fn cases_are_known_by_name() {
    let environment = project();
    let outcome = environment.run(&["prune", "--allow", "nothing-used"]);
    assert_snapshot!(outcome.refusal(2), @"
    error: invalid value 'nothing-used' for '--allow <CASE>': there is no case \"nothing-used\"; there are list-failed, bad-reference, matches-nothing, unreadable-manifest, unreadable-archived, nothing-in-use, too-many, too-large-share

    For more information, try '--help'.
    ");
}

#[test]
fn a_plan_is_for_applying() {
    let environment = project();
    let outcome = environment.run(&["prune", "--plan", "plan.json"]);
    assert_snapshot!(outcome.refusal(2), @"
    error: the following required arguments were not provided:
      --apply

    Usage: launchway prune --apply --plan <FILE> [REPOSITORY]...

    For more information, try '--help'.
    ");
}

#[test]
fn a_repository_may_have_the_name_of_an_action() {
    // With a pattern it is no action, and what is missing is AWS.
    let environment = project();
    let outcome = without_credentials(&environment, &["prune", "explai[n]"]);
    assert!(outcome.refusal(12).contains("no usable AWS credentials"));
    let outcome = environment.run(&["prune", "explain"]);
    assert!(outcome.refusal(2).contains("<IMAGE>"));
}

#[test]
fn an_image_has_a_digest_of_some_length() {
    let outcome = project().run(&["prune", "explain", "web@sha256:12"]);
    assert_snapshot!(outcome.refusal(2), @"
    error: invalid value 'web@sha256:12' for '<IMAGE>': expected sha256: and at least six hexadecimal digits

    For more information, try '--help'.
    ");
}

#[test]
fn an_ecrm_yaml_is_converted() {
    let environment = TestEnvironment::new();
    environment.write(
        "ecrm.yaml",
        "repositories:\n  - name_pattern: \"shop/*\"\n    expires: 30days\n    keep_count: 5\n",
    );
    let outcome = environment.run(&[
        "prune",
        "init",
        "--from",
        "ecrm.yaml",
        "-o",
        "launchway.hcl",
    ]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let written = std::fs::read_to_string(environment.directory().join("launchway.hcl")).unwrap();
    assert!(written.contains("repository \"shop/*\""), "{written}");
    // What is there is not written over.
    let outcome = environment.run(&[
        "prune",
        "init",
        "--from",
        "ecrm.yaml",
        "-o",
        "launchway.hcl",
    ]);
    assert_snapshot!(outcome.refusal(3), @"
    error: $WORK/launchway.hcl is there already
    hint: Without --output the block is printed, to be put into it.
    ");
    environment.write("ecrm.yaml", "repositories:\n  - name: a\n    expire: 30d\n");
    let outcome = environment.run(&["prune", "init", "--from", "ecrm.yaml"]);
    assert_snapshot!(outcome.refusal(3), @"
    error: ecrm.yaml:3:5: repositories has no key \"expire\"
    hint: did you mean \"expires\"?
    ");
}
