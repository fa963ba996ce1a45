//! Help is part of the interface: every change of it is seen here.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

fn help(verb: &str) -> String {
    help_of(&[verb])
}

fn help_of(verb: &[&str]) -> String {
    let arguments = [verb, &["--help"]].concat();
    TestEnvironment::new().run(&arguments).answer()
}

#[test]
fn without_a_verb() {
    let environment = TestEnvironment::new();
    let shown = environment.run(&["--help"]).answer();
    assert_snapshot!(shown, @"
    Multi-arch container releases for Amazon ECS, built by BuildKit

    Usage: launchway [OPTIONS] <VERB>

    Verbs:
      release      Build, publish and tag all images of a release, then write the hand-off files
      plan         Show what a release would do
      bake         Build targets of a bake file, with the flags of `docker buildx bake`
      build        Build one Dockerfile, with the flags of `docker buildx build`
      soci         Attach SOCI indexes to images, and look at those that they have
      scan         Look at images for vulnerabilities, as the gate of a release does
      handoff      Write, pull and start the files that a deploy stage reads
      parameter    Write SSM parameters that name a release, and look at their history
      approve      Answer a manual approval of CodePipeline
      notify       Send a notification, as a release does
      environment  List the environments of the configuration, and show what differs between two
      prune        Delete old images of ECR that nothing needs any more
      iam          Print the least-privilege IAM policy of a verb
      engine       Start, stop and look at Launchway's own BuildKit daemon
      doctor       Examine this machine: what is there for building, what is missing, and how to get it
      completions  Print a completion script for a shell
      version      Print the version

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Run `launchway VERB --help` for a verb's flags and examples.
    ");
    // The same, as talk: a script that forgot the verb must not take it for an answer.
    assert_eq!(environment.run(&[]).refusal(2), shown);
}

#[test]
fn release() {
    assert_snapshot!(help("release"), @"
    Build, publish and tag all images of a release, then write the hand-off files

    Usage: launchway release [OPTIONS] [TARGET]...

    Arguments:
      [TARGET]...  Targets or groups; `*` and `?` match names [default: group or target `default`]

    Options:
      -h, --help  Print help

    What to build:
      -f, --file <FILE>             Bake file; may be repeated [default: docker-bake.hcl,
                                    docker-bake.json and their `.override` forms]
          --env <NAME>              Environment to use the values of [env: LAUNCHWAY_ENV]
          --set <TARGET.KEY=VALUE>  Override a target's attribute, for example `web.args.VERSION=2` or
                                    `*.platform=linux/arm64`
          --platform <PLATFORM>     Platforms instead of those in the file, for example
                                    linux/amd64,linux/arm64

    Cache:
          --no-cache  Run every step, whatever is cached
          --pull      Look for newer base images

    Release:
      -t, --tag <TAG>             Tag for every image instead of the declared ones; may be repeated
          --baseline <BASELINE>   What to compare with: tag:NAME, record:FILE or none [default: the
                                  moving tag]
          --output <DIR>          Folder for release.json and the hand-off files [default:
                                  launchway-out]
          --record <FILE>         Write the release record to this file [default: release.json in the
                                  output folder]
          --env-file <FILE>       Write the digests as shell variables to this file [default:
                                  release.env in the output folder]
          --metadata-file <FILE>  Write build results to this file, in the shape that buildx uses
          --require-change        Exit with code 4 when nothing changed
          --no-handoff            Write no hand-off files
          --no-parameters         Write no SSM parameters
          --no-scan               Scan nothing, whatever the `scan` block says
          --no-notify             Send no notifications
          --print                 Print the plan as JSON and stop

    SOCI:
          --soci     Index large layers, so that Fargate starts containers before their images are
                     downloaded
          --no-soci  Make no SOCI indexes, whatever the `soci` block says

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway release                          # what docker-bake.hcl and launchway.hcl declare
      launchway release web api                  # two targets only
      launchway release --print                  # the plan as JSON; nothing is built
      launchway release --baseline tag:production --require-change

    Exit codes: 0 done, 3 configuration, 4 nothing changed (--require-change), 10 a Dockerfile step
    failed, 11 engine unreachable, 12 registry or credentials, 13 refused by the scan, 14 SOCI,
    15 hand-off, 75 temporary, 130 cancelled.
    ");
}

#[test]
fn plan() {
    assert_snapshot!(help("plan"), @"
    Show what a release would do

    Usage: launchway plan [OPTIONS] [TARGET]...

    Arguments:
      [TARGET]...  Targets or groups; `*` and `?` match names [default: group or target `default`]

    Options:
      -h, --help  Print help

    What to build:
      -f, --file <FILE>             Bake file; may be repeated [default: docker-bake.hcl,
                                    docker-bake.json and their `.override` forms]
          --env <NAME>              Environment to use the values of [env: LAUNCHWAY_ENV]
          --set <TARGET.KEY=VALUE>  Override a target's attribute, for example `web.args.VERSION=2` or
                                    `*.platform=linux/arm64`
          --platform <PLATFORM>     Platforms instead of those in the file, for example
                                    linux/amd64,linux/arm64

    Cache:
          --no-cache  Run every step, whatever is cached
          --pull      Look for newer base images

    Release:
      -t, --tag <TAG>            Tag for every image instead of the declared ones; may be repeated
          --baseline <BASELINE>  What to compare with: tag:NAME, record:FILE or none [default: the
                                 moving tag]
          --output <DIR>         Folder for release.json and the hand-off files [default: launchway-out]
          --format <FORMAT>      How the plan is printed: table or json [default: table]

    SOCI:
          --soci     Index large layers, so that Fargate starts containers before their images are
                     downloaded
          --no-soci  Make no SOCI indexes, whatever the `soci` block says

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway plan                    # a table of solves, tags and caches
      launchway plan --format json      # the same value as `launchway release --print`
    ");
}

#[test]
fn bake() {
    assert_snapshot!(help("bake"), @"
    Build targets of a bake file, with the flags of `docker buildx bake`

    Usage: launchway bake [OPTIONS] [TARGET]...

    Arguments:
      [TARGET]...  Targets or groups; `*` and `?` match names [default: group or target `default`]

    Options:
      -h, --help  Print help

    What to build:
      -f, --file <FILE>             Bake file; may be repeated [default: docker-bake.hcl,
                                    docker-bake.json and their `.override` forms]
          --env <NAME>              Environment to use the values of [env: LAUNCHWAY_ENV]
          --set <TARGET.KEY=VALUE>  Override a target's attribute, for example `web.args.VERSION=2` or
                                    `*.platform=linux/arm64`
          --platform <PLATFORM>     Platforms instead of those in the file, for example
                                    linux/amd64,linux/arm64

    Cache:
          --no-cache  Run every step, whatever is cached
          --pull      Look for newer base images

    Output:
          --push                  Push by digest, and move the tags when everything is built
          --metadata-file <FILE>  Write build results to this file, in the shape that buildx uses
          --print                 Print the resolved targets as JSON and stop

    SOCI:
          --soci     Index large layers, so that Fargate starts containers before their images are
                     downloaded
          --no-soci  Make no SOCI indexes, whatever the `soci` block says

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway bake --push                       # group `default` of docker-bake.hcl
      launchway bake web api --set '*.args.V=2'   # two targets with another build argument
      launchway bake --print                      # the resolved targets as JSON; nothing is built
    ");
}

#[test]
fn build() {
    assert_snapshot!(help("build"), @"
    Build one Dockerfile, with the flags of `docker buildx build`

    Usage: launchway build [OPTIONS] <PATH>

    Arguments:
      <PATH>  The build context, a directory

    Options:
      -h, --help  Print help

    What to build:
      -f, --file <FILE>              The Dockerfile [default: Dockerfile in the context]
          --target <STAGE>           The stage to build [default: the last one]
          --platform <PLATFORM>      Platforms, for example linux/amd64,linux/arm64 [default: the
                                     engine's own]
          --build-arg <KEY[=VALUE]>  Build argument; without a value it is taken from the environment
          --label <KEY=VALUE>        Label of the image

    Cache:
          --no-cache  Run every step, whatever is cached
          --pull      Look for newer base images

    Output:
      -t, --tag <NAME>            Name of the image, for example registry.example.com/app:1; may be
                                  repeated
          --push                  Push by digest, and move the tags when everything is built
          --metadata-file <FILE>  Write build results to this file, in the shape that buildx uses

    SOCI:
          --soci     Index large layers, so that Fargate starts containers before their images are
                     downloaded
          --no-soci  Make no SOCI indexes, whatever the `soci` block says

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway build . -t registry.example.com/app:1 --push
      launchway build -f docker/Dockerfile --target web --platform linux/amd64,linux/arm64 .
    ");
}

#[test]
fn soci_attach() {
    assert_snapshot!(help_of(&["soci", "attach"]), @"
    Index the layers of an image in a registry, and attach the SOCI indexes to it

    Usage: launchway soci attach [OPTIONS] <REF>

    Arguments:
      <REF>  The image: a tag, or a digest

    Options:
      -t, --tag <TAG>               Tag for the result instead of the one in REF; may be repeated
          --platform <PLATFORM>     Platforms to index, for example linux/amd64,linux/arm64 [default:
                                    all of the image]
          --span-size <BYTES>       Uncompressed bytes that are fetched and inflated at once [default:
                                    4MiB]
          --min-layer-size <BYTES>  Smallest layer to index, in compressed bytes [default: 10MiB]
          --version <VERSION>       SOCI index version: v2, or v1 for accounts that used SOCI on Fargate
                                    before v2 [default: v2]
          --no-cache                Index every layer, also those with a zTOC in the image or on this
                                    machine
          --format <FORMAT>         What is printed: reference or json [default: reference]
      -h, --help                    Print help

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway soci attach registry.example.com/app:1            # moves the tag 1
      launchway soci attach registry.example.com/app:1 --tag 1-soci
      launchway soci attach registry.example.com/app@sha256:…     # pushes by digest, prints the digest
      launchway soci attach registry.example.com/app:1 --platform linux/arm64

    Layers stream from the registry through the indexer; nothing is stored but their zTOCs. The image
    index is replaced: image manifests get an annotation that names their SOCI index, attestations
    follow them, all other entries stay. Deploy the digest that is printed. A second run changes
    nothing.

    Exit codes: 0 done, or nothing to do; 12 registry or credentials, 14 the image cannot get a SOCI
    index, 75 temporary, 130 cancelled.
    ");
}

#[test]
fn soci_explain() {
    assert_snapshot!(help_of(&["soci", "explain"]), @"
    Say what Fargate will do with an image, and what to change

    Usage: launchway soci explain [OPTIONS] <REF>

    Arguments:
      <REF>  The image: a tag, or a digest

    Options:
          --platform <PLATFORM>  Platforms to judge, for example linux/amd64,linux/arm64 [default: all
                                 of the image]
          --format <FORMAT>      How it is printed: table or json [default: table]
      -h, --help                 Print help

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway soci explain 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:production
      launchway soci explain registry.example.com/app@sha256:… --format json

    Reads documents only, no layers; `launchway soci verify` reads back what the indexes promise.
    The exit code is 0 whatever is found; 12 registry or credentials, 14 the image is damaged or has no
    such platform.
    ");
}

#[test]
fn environment_list() {
    assert_snapshot!(help_of(&["environment", "list"]), @r#"
    List the environments, and the variables that each sets

    Usage: launchway environment list [OPTIONS]

    Options:
          --format <FORMAT>  How it is printed: table or json [default: table]
      -h, --help             Print help

    What to build:
      -f, --file <FILE>  Bake file; may be repeated [default: docker-bake.hcl, docker-bake.json and
                         their `.override` forms]

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway environment list
      launchway environment list --format json   # [{"name": "dev", "variables": […]}, …]

    Values that do not fit their variables are warnings here, and errors where the environment is
    chosen.
    "#);
}

#[test]
fn environment_diff() {
    assert_snapshot!(help_of(&["environment", "diff"]), @"
    Show what a release would do differently in two environments

    Usage: launchway environment diff [OPTIONS] <FROM> <TO>

    Arguments:
      <FROM>  The first environment
      <TO>    The second environment

    Options:
          --format <FORMAT>  How it is printed: text or json [default: text]
          --exit-code        Exit with code 1 when something differs
      -h, --help             Print help

    What to build:
      -f, --file <FILE>  Bake file; may be repeated [default: docker-bake.hcl, docker-bake.json and
                         their `.override` forms]

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway environment diff dev production
      launchway environment diff dev production --format json
      launchway environment diff staging production --exit-code   # for a check in CI

    Compares what `launchway release` would do in each: values of variables, images, tags, platforms,
    build arguments and caches, settings, and the files of the hand-off (with made-up digests). Nothing
    is built, and no registry or account is asked. Values whose names say that they are secrets are
    compared and not shown.

    Exit codes: 0 done, 1 something differs (--exit-code), 3 configuration, 15 hand-off.
    ");
}

#[test]
fn completions() {
    assert_snapshot!(help("completions"), @"
    Print a completion script for a shell

    Usage: launchway completions [OPTIONS] <SHELL>

    Arguments:
      <SHELL>  The shell: bash, elvish, fish, powershell or zsh

    Options:
      -h, --help  Print help

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway completions bash > /etc/bash_completion.d/launchway
      launchway completions zsh > ~/.zfunc/_launchway
    ");
}

#[test]
fn no_line_is_wider_than_a_terminal() {
    for verb in [
        "release",
        "plan",
        "bake",
        "build",
        "soci",
        "engine",
        "environment",
        "doctor",
        "completions",
    ] {
        let shown = help(verb);
        let widest = shown
            .lines()
            .max_by_key(|line| line.chars().count())
            .unwrap();
        assert!(widest.chars().count() <= 100, "{verb}: {widest}");
    }
}

#[test]
fn handoff_write() {
    assert_snapshot!(help_of(&["handoff", "write"]), @"
    Write the hand-off files of a release that is done, without building

    Usage: launchway handoff write [OPTIONS] [SERVICE]...

    Arguments:
      [SERVICE]...  Service blocks [default: all whose images were released]

    Options:
          --format <FORMAT>  How the result is printed: table or json [default: table]
      -h, --help             Print help

    Hand-off:
          --record <FILE>    The record of the release [default: release.json in the output folder]
          --output <DIR>     Write to DIR/SERVICE [default: the block's `output`, or beside the record]
          --require-change   Exit with code 4 when there is nothing to deploy
          --compare-running  Compare each task definition with the one that ECS runs

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
      launchway handoff write                          # of launchway-out/release.json, all services
      launchway handoff write shop --record in/release.json --output deploy
      launchway handoff write --require-change         # exit 4 when there is nothing to deploy
      launchway handoff write --compare-running        # against what ECS runs, by meaning

    Exit codes: 0 done, 3 configuration, 4 nothing changed (--require-change; with --compare-running
    nothing differs from what runs), 15 the files cannot be written, the release must not be deployed,
    or
    AWS refused; 75 temporary.
    ");
}

#[test]
fn handoff_pull() {
    assert_snapshot!(help_of(&["handoff", "pull"]), @"
    Make a task definition template of what runs

    Usage: launchway handoff pull [OPTIONS] [SERVICE]

    Arguments:
      [SERVICE]  The service block, for its cluster, service or family, its images, and its template

    Options:
      -h, --help  Print help

    What runs:
          --cluster <CLUSTER>      The ECS cluster, by name or ARN [default: the block's, else ECS's
                                   `default`]
          --service <NAME>         The ECS service: the task definition that its production traffic
                                   reaches
          --family <NAME>          The latest revision of a task definition family
          --task-definition <ARN>  One revision, as an ARN or FAMILY:REVISION
          --from <FILE>            A file with what `aws ecs describe-task-definition` printed, or - for
                                   standard input

    Template:
      -o, --output <FILE>  Write the template to this file [default: print it]
          --diff           Show what differs from the file that is there, and write nothing [default
                           file: the block's `taskdef`]
          --force          Replace a file that differs

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
      launchway handoff pull shop --output deploy/taskdef.json   # what service block `shop` names
      launchway handoff pull shop --diff                         # what runs against its template
      launchway handoff pull --cluster prod --service web        # no block needed; prints it
      launchway handoff pull --family nightly-batch
      aws ecs describe-task-definition --task-definition web:7 | launchway handoff pull --from -

    Tags go into a file of their own beside the template (taskdef.json: tags.json), since CodePipeline
    refuses a template with tags.

    Exit codes: 0 done, 3 configuration, 15 there is no such service or task definition, AWS refused, or
    a file that differs is there; 75 temporary.
    ");
}

#[test]
fn handoff_init() {
    assert_snapshot!(help_of(&["handoff", "init"]), @"
    Print a buildspec and a pipeline for the services of the configuration

    Usage: launchway handoff init [OPTIONS] [SERVICE]...

    Arguments:
      [SERVICE]...  Service blocks [default: all]

    Options:
      -h, --help  Print help

    Pipeline:
          --kind <KIND>          How services are deployed: blue-green, rolling, ecs-blue-green or batch
                                 [default: by the block]
          --style <STYLE>        Who puts the images into a blue/green task definition: render (the
                                 hand-off did) or placeholder (CodePipeline does) [default: the block's
                                 `mode`]
          --source <SOURCE>      Where the sources are: github, gitlab, bitbucket or codecommit
                                 [default: github]
          --approval             A person approves before anything is deployed
          --language <LANGUAGE>  The language of the pipeline: cloudformation [default: cloudformation]
      -o, --output <DIR>         Write buildspec.yml and pipeline.yml into this folder [default: print
                                 them]
          --force                Replace files that differ

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
      launchway handoff init                                 # print both, for all services
      launchway handoff init --output . --approval           # write buildspec.yml and pipeline.yml
      launchway handoff init shop --kind rolling --source gitlab
      launchway handoff init nightly --kind batch --source codecommit

    A service is deployed blue/green when its block has an appspec, as a batch when it has a family and
    no
    service, and rolling otherwise; --kind says otherwise.

    Exit codes: 0 done, 3 configuration, 15 a file that differs is there.
    ");
}

#[test]
fn parameter() {
    assert_snapshot!(help("parameter"), @"
    Write SSM parameters that name a release, and look at their history

    Usage: launchway parameter [OPTIONS] <ACTION>

    Actions:
      set      Write the parameters of the configuration from the record of a release
      get      Show what a parameter says now
      history  Show what a parameter said before, and who wrote it

    Options:
      -h, --help  Print help

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report
    ");
}

#[test]
fn parameter_set() {
    assert_snapshot!(help_of(&["parameter", "set"]), @"
    Write the parameters of the configuration from the record of a release

    Usage: launchway parameter set [OPTIONS] [NAME]...

    Arguments:
      [NAME]...  Labels of `parameter` blocks, or names of parameters [default: all]

    Options:
          --record <FILE>    The record of the release [default: release.json in the output folder]
          --force            Write a new version where nothing differs, too
          --format <FORMAT>  How it is printed: table or json [default: table]
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
      launchway parameter set                                # all of the configuration
      launchway parameter set web --record release.json      # the block \"web\", from that release
      launchway parameter set web --force                    # a new version of the same, as a trigger

    A parameter that holds what it should is not written.

    Exit codes: 0 done, 3 configuration or record, 15 the release was refused, an earlier phase of
    the CodeBuild run failed, or a parameter could not be written; 75 temporary.
    ");
}

#[test]
fn parameter_get() {
    assert_snapshot!(help_of(&["parameter", "get"]), @"
    Show what a parameter says now

    Usage: launchway parameter get [OPTIONS] <NAME>

    Arguments:
      <NAME>  The parameter

    Options:
          --region <REGION>  The region [default: the one that AWS is configured for]
          --format <FORMAT>  How it is printed: table, json or value [default: table]
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
      launchway parameter get /shop/production/web
      launchway parameter get /shop/production/web --format json
      launchway parameter get /shop/production/web --format value    # exactly what it holds

    Exit codes: 0 done, 15 there is none, or AWS refused; 75 temporary.
    ");
}

#[test]
fn parameter_history() {
    assert_snapshot!(help_of(&["parameter", "history"]), @"
    Show what a parameter said before, and who wrote it

    Usage: launchway parameter history [OPTIONS] <NAME>

    Arguments:
      <NAME>  The parameter

    Options:
          --limit <N>        The newest versions only, this many
          --region <REGION>  The region [default: the one that AWS is configured for]
          --format <FORMAT>  How it is printed: table or json [default: table]
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
      launchway parameter history /shop/production/web
      launchway parameter history /shop/production/web --limit 3 --format json

    SSM keeps the last 100 versions. Values are not shown, only what they say of a release.

    Exit codes: 0 done, 15 there is none, or AWS refused; 75 temporary.
    ");
}

#[test]
fn approve() {
    assert_snapshot!(help("approve"), @"
    Answer a manual approval of CodePipeline

    Usage: launchway approve [OPTIONS] <PIPELINE>

    Arguments:
      <PIPELINE>  The pipeline

    Options:
          --stage <STAGE>    The stage, where several approvals wait
          --action <ACTION>  The action, where several approvals wait
          --execution <ID>   The execution that was looked at; another one is not answered
          --reject           Stop the execution instead
          --summary <TEXT>   Why, for the pipeline's history; at most 512 characters
          --list             Show what waits, and answer nothing
      -y, --yes              Do not ask
          --region <REGION>  The region [default: the one that AWS is configured for]
          --format <FORMAT>  How it is printed: table or json [default: table]
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
      launchway approve shop                     # look at what waits, and answer it
      launchway approve shop --list
      launchway approve shop --reject --summary \"the test port shows the old version\"
      launchway approve shop --execution 3137f7cb-7cf7-4abc-9def-0123456789ab    # no other one

    On a terminal it asks first. Elsewhere it needs --yes, which answers whatever waits, or --execution,
    which answers for that execution alone.

    Exit codes: 0 done, 2 several wait, or nobody to ask; 15 none waits, or AWS refused; 75 temporary.
    ");
}

#[test]
fn iam() {
    assert_snapshot!(help("iam"), @"
    Print the least-privilege IAM policy of a verb

    Usage: launchway iam [OPTIONS] <VERB>...

    Arguments:
      <VERB>...  The verbs that the policy is for: `release`, `soci attach`, …

    Options:
          --format <FORMAT>  How it is printed: json, cloudformation or terraform [default: json]
      -h, --help             Print help

    What to build:
      -f, --file <FILE>  Bake file; may be repeated [default: docker-bake.hcl, docker-bake.json and
                         their `.override` forms]
          --env <NAME>   Environment to use the values of [env: LAUNCHWAY_ENV]

    Resources:
          --pipeline <NAME>  For approve: the pipeline; may be repeated
          --stage <STAGE>    For approve: the stage whose approvals are answered [default: any]
          --action <ACTION>  For approve: the action that is answered [default: any]
          --account <ID>     The account of resources outside of ECR [default: that of the ECR
                             registries]
          --region <REGION>  The region of resources that name none [default: `AWS_REGION`, or that of
                             the ECR registries]

    Global options:
          --progress <FORM>   How progress is shown on stderr: auto, tty, plain, quiet, none or rawjson
                              [env: BUILDKIT_PROGRESS] [default: auto]
          --engine <ADDRESS>  BuildKit daemon to use, for example unix:///run/buildkit/buildkitd.sock
                              [env: BUILDKIT_HOST]
          --color <WHEN>      When to use colour: auto, always or never [default: auto]
      -q, --quiet             Say nothing but warnings and errors
      -D, --debug             Show the typed errors behind a report

    Examples:
      launchway iam release                          # for the role of the build project
      launchway iam release parameter history        # one policy for both
      launchway iam soci attach --format terraform
      launchway iam approve --pipeline shop --stage Approve

    AWS is not asked. Verbs: release, bake, build, plan, soci attach|inspect|verify|explain, scan,
    handoff pull|write, parameter set|get|history, approve, notify, prune, prune apply.

    Exit codes: 0 done, 2 no such verb, 3 configuration.
    ");
}

#[test]
fn scan() {
    assert_snapshot!(help("scan"), @"
    Look at images for vulnerabilities, as the gate of a release does

    Usage: launchway scan [OPTIONS] <REF>...

    Arguments:
      <REF>...  Images: tags, or digests; indexes or manifests

    Options:
          --scanner <SCANNER>    Who looks: ecr, trivy or command [default: as the `scan` block says,
                                 else ecr]
          --severity <SEVERITY>  Findings of this severity and above fail: CRITICAL, HIGH, MEDIUM, LOW,
                                 INFORMATIONAL or UNDEFINED [default: as the `scan` block says, else
                                 HIGH]
          --only-fixable         Findings that no version mends do not fail
          --no-result <WHAT>     What happens where a scanner has no result: fail or warn [default: as
                                 the `scan` block says, else fail]
          --timeout <DURATION>   How long one platform's image may take, for example 90s [default: as
                                 the `scan` block says, else 10m]
          --format <FORMAT>      How it is printed: table, json or sarif [default: table]
      -o, --output <FILE>        Write it to this file instead of standard output
      -h, --help                 Print help

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
      launchway scan registry.example.com/app:1 --scanner trivy
      launchway scan 123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:production
      launchway scan APP:1 --severity CRITICAL --only-fixable
      launchway scan APP:1 --format sarif --output scan.sarif

    Every platform's image is scanned by its digest, never the index. The rules come from the `scan`
    block, when there is a configuration here; flags win. No bake file is needed.

    Exit codes: 0 passed, 3 configuration, 12 registry or credentials, 13 refused, 75 temporary.
    ");
}

#[test]
fn notify() {
    assert_snapshot!(help("notify"), @"
    Send a notification, as a release does

    Usage: launchway notify [OPTIONS] <EVENT> [NAME]...

    Arguments:
      <EVENT>    What happened: start, success, unchanged, failed, refused or waiting-for-approval
      [NAME]...  `notify` blocks to send to [default: all that have the event]

    Options:
          --record <FILE>        Tell of the images in this release.json
          --message <TEXT>       Say this too
          --pipeline <PIPELINE>  Link to this pipeline of CodePipeline [default: the one that runs this
                                 build]
          --dry-run              Print what would be sent; read no secret and send nothing
          --format <FORMAT>      How it is printed: table or json [default: table]
      -h, --help                 Print help

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
      launchway notify success --dry-run                    # what every block would be sent
      launchway notify success ops --record launchway-out/release.json
      launchway notify waiting-for-approval --pipeline shop --message 'Green is on port 9001.'

    A block hears of its own `events`; one that is named hears of any. Without --dry-run the secrets of
    the blocks are needed. After a failed build, and of a record that is not complete, only start,
    failed
    and refused are told.

    Exit codes: 0 sent, or nobody wants to hear it; 3 configuration, 15 not everything was sent, or it
    would not be true; 75 not sent for a reason that passes.
    ");
}
