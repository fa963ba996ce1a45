use super::saved::SavedPlan;
use super::*;
use crate::prune::samples::{digest, idle, list_failed, plan, repository, unused, web};

fn written(plan: &Plan) -> String {
    let calls = CallCounts::from([
        ("ecr:BatchGetImage".to_owned(), 3),
        ("ecr:DescribeImages".to_owned(), 12),
    ]);
    let mut text = Vec::new();
    write(&mut text, plan, &calls, "1.2.3").unwrap();
    String::from_utf8(text).unwrap()
}

fn read(text: &str) -> SavedPlan {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plan.json");
    std::fs::write(&path, text).unwrap();
    SavedPlan::read(&path).unwrap()
}

#[test]
fn the_form() {
    let mut plan = plan(vec![web(), unused("tools", true)]);
    plan.refusals.push(list_failed());
    plan.warnings.push("something is odd".to_owned());
    insta::assert_snapshot!(written(&plan), @"");
}

#[test]
fn what_is_written_is_read_back() {
    let written = written(&plan(vec![web(), idle("shop/api"), unused("tools", false)]));
    let saved = read(&written);
    let web = &saved.repositories[&repository("shop/web")];
    let going = ["v1", "v1-amd64", "v1-attestations", "lost"].map(digest);
    assert_eq!(web.remove, going.into());
    assert_eq!(web.untag, [(digest("v2"), "old".to_owned())].into());
    assert!(!web.archive);
    let api = &saved.repositories[&repository("shop/api")];
    assert!(api.remove.is_empty() && api.untag.is_empty());
    // Refused: the plan says what would go, and whether it may is decided again.
    let tools = &saved.repositories[&repository("tools")];
    assert_eq!(tools.remove, [digest("tools")].into());
    assert_eq!(saved.created_at, crate::prune::samples::now());
}

#[test]
fn a_saved_plan_is_a_limit() {
    let text = written(&plan(vec![web(), idle("shop/api"), unused("tools", false)]));
    let plan = read(&text).into_plan();
    let names: Vec<&str> = plan
        .repositories
        .iter()
        .map(|one| one.repository.name.as_str())
        .collect();
    // Where nothing goes, nothing is asked.
    assert_eq!(names, ["shop/web", "tools"]);
    let web = &plan.repositories[0];
    assert_eq!((web.sizes.removed.manifests, web.sizes.tags), (4, 1));
    assert_eq!(web.waves.concat().len(), 4);
    assert_eq!(web.images.len(), 1);
    assert_eq!(web.images[0].untag, ["old"]);
    assert!(!plan.has_refusals());
}

#[test]
fn a_result() {
    use crate::prune::{Applied, Change, Failed, RepositoryResult, SkipReason, Skipped};
    let applied = Applied {
        repositories: vec![RepositoryResult {
            repository: repository("shop/web"),
            deleted: vec![digest("v1")],
            archived: Vec::new(),
            gone: vec![digest("lost")],
            untagged: vec![(digest("v2"), "old".to_owned())],
            skipped: vec![Skipped {
                digest: digest("v1-amd64"),
                tag: None,
                why: SkipReason::Changed {
                    change: Change::Pulled,
                },
            }],
            failed: vec![Failed {
                digest: digest("v0"),
                tag: None,
                code: "KmsError".to_owned(),
                text: "the key is disabled".to_owned(),
            }],
            left: 1,
            refusals: Vec::new(),
        }],
        refusals: vec![list_failed()],
    };
    let mut text = Vec::new();
    result::write(&mut text, &applied, &CallCounts::new(), "1.2.3").unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap(), @"");
}

#[test]
fn an_image_is_a_line() {
    let text = written(&plan(vec![web()]));
    let line = |name: &str| {
        let wanted = format!("{{\"digest\": \"{}\"", digest(name));
        text.lines()
            .filter(|line| line.trim_start().starts_with(&wanted))
            .count()
    };
    assert_eq!((line("v1"), line("v3-attestations")), (1, 1));
}
