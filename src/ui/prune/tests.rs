use insta::assert_snapshot;

use super::*;
use crate::prune::samples::{digest, idle, list_failed, now, plan, plan_of, unused, web};
use crate::prune::{
    CallCounts, ImagePlan, KeepReason, Kind, Plan, Refusal, RefusalCode, RefusalSubject,
    RemoveReason, Verdict,
};
use crate::ui::measure;
use crate::ui::style::Style;

fn shown(plan: &Plan) -> String {
    let calls = CallCounts::from([
        ("ecr:BatchGetImage".to_owned(), 31),
        ("ecr:DescribeImages".to_owned(), 1204),
        ("ecs:DescribeServices".to_owned(), 2),
    ]);
    let text = prune_table(plan, &calls, Style::PLAIN);
    for line in text.lines() {
        assert!(measure::width(line) <= WIDTH, "{line}");
    }
    text
}

#[test]
fn nothing_to_do() {
    assert_snapshot!(shown(&plan(vec![idle("shop/api"), idle("shop/web")])), @"");
}

#[test]
fn something_goes() {
    let mut api = idle("shop/api");
    api.warnings.push(
        "service prod/api, task definition api:7 uses tag v9, which is not there: its next task will not start"
            .to_owned(),
    );
    let mut plan = plan(vec![api, web(), unused("tools", true)]);
    plan.repositories[2].archive = true;
    plan.warnings
        .push("the rule \"shop/*\" is never used".to_owned());
    assert_snapshot!(shown(&plan), @"");
    assert_snapshot!(prune_deed(&plan).unwrap(), @"");
}

#[test]
fn some_are_refused() {
    let mut plan = plan(vec![web(), unused("tools", false)]);
    plan.refusals.push(Refusal::new(
        RefusalCode::MatchesNothing,
        "cluster \"prod-*\"",
        RefusalSubject::Nothing,
        "no cluster \"prod-*\" is there in any account and region that was looked at",
    ));
    assert_snapshot!(shown(&plan), @"");
}

#[test]
fn everything_is_refused() {
    let mut plan = plan(vec![idle("shop/api"), web()]);
    plan.refusals.push(list_failed());
    plan.sources.clear();
    assert_snapshot!(shown(&plan), @"");
    assert_eq!(prune_deed(&plan), None);
}

#[test]
fn hundreds_of_repositories() {
    let idle = (0..300).map(|index| idle(&format!("shop/idle-{index:03}")));
    let unused = (0..12).map(|index| unused(&format!("tools/{index:02}"), false));
    let long = "team-a/a-repository-whose-name-is-much-longer-than-there-is-room-for/web";
    let mut repositories: Vec<_> = idle.chain(unused).chain([web()]).collect();
    repositories.push(plan_of(long, web().images));
    let mut other = web();
    other.repository.registry = crate::prune::EcrRegistry::Private {
        account: "210987654321".to_owned(),
        region: "ap-northeast-1".to_owned(),
    };
    repositories.push(other);
    assert_snapshot!(shown(&plan(repositories)), @"");
}

#[test]
fn images_have_their_reasons() {
    let mut web = web();
    let many = (1..=5).map(|rank| KeepReason::Newest { rank, of: 5 });
    let tags: Vec<String> = (0..30).map(|index| format!("v1.0.{index}")).collect();
    web.images.push(ImagePlan {
        digest: digest("many"),
        kind: Kind::Unknown,
        archived: false,
        tags,
        size: None,
        pushed_at: None,
        pulled_at: None,
        verdict: Verdict::Keep(many.collect()),
        untag: Vec::new(),
    });
    let text = prune_images(&web, now(), Style::PLAIN);
    for line in text.lines() {
        assert!(measure::width(line) <= WIDTH, "{line}");
    }
    assert_snapshot!(text, @"");
}

#[test]
fn what_names_say_cannot_move_the_cursor() {
    let expired = Verdict::Remove(RemoveReason::Expired { age: None, rank: 1 });
    let image = crate::prune::samples::image("x", Kind::Image, &["\x1b[2J"], 1, expired);
    let mut bad = plan_of("a\x1b[2Jb", vec![image]);
    bad.warnings.push("\x1b[2J".to_owned());
    let plan = plan(vec![bad]);
    let text = shown(&plan) + &prune_images(&plan.repositories[0], now(), Style::PLAIN);
    assert!(!text.contains('\x1b'), "{text:?}");
}
