//! How SOCI is asked for: the block, the flags, and what the plan says of them.

use insta::assert_snapshot;

use crate::environment::TestEnvironment;

const TARGETS: &str = "\
group \"default\" { targets = [\"web\", \"tools\"] }
target \"web\" { tags = [\"registry.test/web:1\"] }
target \"tools\" {
  tags   = [\"registry.test/tools:1\"]
  output = [\"type=image,compression=zstd\"]
}
";

fn project(block: &str) -> TestEnvironment {
    let environment = TestEnvironment::new();
    environment.write("docker-bake.hcl", TARGETS);
    environment.write("Dockerfile", "FROM scratch\n");
    environment.write("launchway.hcl", block);
    environment
}

/// The targets whose images get SOCI indexes.
fn indexed(environment: &TestEnvironment, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["plan", "--format", "json"], arguments].concat();
    let answer = environment.run(&arguments).answer();
    let plan: serde_json::Value = serde_json::from_str(&answer).unwrap();
    let images = plan["images"].as_array().unwrap().iter();
    let images = images.filter(|image| image["soci"].is_object());
    let name = |image: &serde_json::Value| image["target"].as_str().unwrap().to_owned();
    images.map(name).collect()
}

#[test]
fn the_plan_says_which_images_get_an_index() {
    let environment = project("soci {\n  targets = [\"w*\"]\n}\n");
    let table = environment.run(&["plan"]).answer();
    let images = table.split("\nSolves").next().unwrap();
    let images = images.replace("linux/arm64", "linux/amd64");
    assert_snapshot!(images, @"
    Images
      web    linux/amd64
             registry.test/web : 1
             compared with tag:1
             SOCI index v2 of layers from 10 MiB on, in spans of 4 MiB
      tools  linux/amd64
             registry.test/tools : 1
             compared with tag:1
             no SOCI index
    ");
}

#[test]
fn flags_have_the_last_word_and_the_last_flag_counts() {
    let on = project("soci {\n  targets = [\"web\"]\n}\n");
    assert_eq!(indexed(&on, &[]), ["web"]);
    assert!(indexed(&on, &["--no-soci"]).is_empty());
    assert_eq!(indexed(&on, &["--no-soci", "--soci"]), ["web"]);
    let off = project("soci {\n  enabled = false\n  targets = [\"web\"]\n}\n");
    assert!(indexed(&off, &[]).is_empty());
    assert_eq!(indexed(&off, &["--soci"]), ["web"]);
    assert!(indexed(&off, &["--soci", "--no-soci"]).is_empty());
}

#[test]
fn an_output_that_fargate_could_not_read_is_refused() {
    let environment = project("soci {}\n");
    assert_snapshot!(environment.run(&["release"]).refusal(3), @r#"
    error: target tools wants compression=zstd in its output, and its SOCI index needs gzip
    hint: remove `compression` from the output of target "tools", or leave the target out of `targets` in the `soci` block
    "#);
}

#[test]
fn what_is_not_pushed_has_no_index() {
    let environment = project("");
    assert_snapshot!(environment.run(&["bake", "--soci", "web"]).refusal(2), @"
    error: --soci indexes what is pushed, and nothing is
    hint: Add --push, or leave --soci out.
    ");
    let build = environment.run(&["build", ".", "--soci", "-t", "registry.test/web:1"]);
    assert!(build.refusal(2).contains("nothing is"));
}

#[test]
fn bake_reads_no_more_than_the_block_and_only_when_asked() {
    // A tag of no commit stops a release, and must not stop a bake.
    let broken =
        project("release {\n  tags = [source.commit]\n}\nsoci {\n  span_size = \"4MB\"\n}\n");
    assert!(
        broken
            .run(&["bake", "web", "--print"])
            .answer()
            .contains("\"web\"")
    );
    assert_snapshot!(broken.run(&["bake", "web", "--print", "--soci"]).refusal(3), @r#"
    error: launchway.hcl:5:15-20: span_size: "4MB" is no size; write bytes, or KiB, MiB or GiB: span_size = "4MiB"
       |
     5 |   span_size = "4MB"
       |               ^^^^^
    "#);
}
