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
    assert_snapshot!(shown(&plan(vec![idle("shop/api"), idle("shop/web")])), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com
      REPOSITORY  KEPT  REMOVED  MANIFESTS  FREED  TAGS
      shop/api       1        -          -      -     -
      shop/web       1        -          -      -     -

    Nothing to remove; 2 releases in 2 repositories stay.

    Uses were looked for in 23 tasks, 14 services and 1 function in 1 region.
    1,237 calls: 1,204 ecr:DescribeImages, 31 ecr:BatchGetImage and 2
    ecs:DescribeServices.
    ");
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
    assert_snapshot!(shown(&plan), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com
      REPOSITORY  KEPT  REMOVED  MANIFESTS      FREED  TAGS
      shop/api       1        -          -          -     -
      shop/web       2        1          4  600.0 MiB     1
      tools          -        1          1          -     -  allowed

    Would delete 1 release (4 manifests, 600.0 MiB) and 1 tag from 1 repository and
    archive 1 release (1 manifest) of 1 repository. 3 releases in 3 repositories
    stay.
    Sizes are those of ECR, in which images that share layers each have them;
    --exact-size counts every layer once.

    Allowed by name
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools
        the repository has 1 image, and nothing uses any of them

    ! the rule \"shop/*\" is never used
    ! 123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/api: service prod/api, task
      definition api:7 uses tag v9, which is not there: its next task will not start

    Uses were looked for in 23 tasks, 14 services and 1 function in 1 region.
    1,237 calls: 1,204 ecr:DescribeImages, 31 ecr:BatchGetImage and 2
    ecs:DescribeServices.
    ");
    assert_snapshot!(prune_deed(&plan).unwrap(), @"delete 1 release (4 manifests, 600.0 MiB) and 1 tag from 1 repository and archive 1 release (1 manifest) of 1 repository");
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
    assert_snapshot!(shown(&plan), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com
      REPOSITORY  KEPT  REMOVED  MANIFESTS      FREED  TAGS
      shop/web       2        1          4  600.0 MiB     1
      tools          -        1          1          -     -  refused

    Would delete 1 release (4 manifests, 600.0 MiB) and 1 tag from 1 repository. 2
    releases in 2 repositories stay.
    Held back: 1 release (1 manifest) in 1 repository.
    Sizes are those of ECR, in which images that share layers each have them;
    --exact-size counts every layer once.

    Refused, for safety
      matches-nothing  cluster \"prod-*\"
        no cluster \"prod-*\" is there in any account and region that was looked at
        Nothing is held back, and the run still fails. Mend or delete the section of
        the prune block; if it is right:
        --allow 'matches-nothing:cluster \"prod-*\"'
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools

    Uses were looked for in 23 tasks, 14 services and 1 function in 1 region.
    1,237 calls: 1,204 ecr:DescribeImages, 31 ecr:BatchGetImage and 2
    ecs:DescribeServices.
    ");
}

#[test]
fn everything_is_refused() {
    let mut plan = plan(vec![idle("shop/api"), web()]);
    plan.refusals.push(list_failed());
    plan.sources.clear();
    assert_snapshot!(shown(&plan), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com
      REPOSITORY  KEPT  REMOVED  MANIFESTS      FREED  TAGS
      shop/api       1        -          -          -     -
      shop/web       2        1          4  600.0 MiB     1  refused

    Nothing to remove; 3 releases in 2 repositories stay.
    Held back: 1 release (4 manifests, 600.0 MiB) and 1 tag in 1 repository.
    Sizes are those of ECR, in which images that share layers each have them;
    --exact-size counts every layer once.

    Refused, for safety
      list-failed  lambda:ListFunctions
        lambda:ListFunctions in eu-west-1: access was denied (User is not
        authorized)
        Nothing is removed anywhere. Grant what is missing (`launchway iam prune`),
        or turn the source off in the prune block; if nothing there can use an
        image:
        --allow list-failed:lambda:ListFunctions

    1,237 calls: 1,204 ecr:DescribeImages, 31 ecr:BatchGetImage and 2
    ecs:DescribeServices.
    ");
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
    assert_snapshot!(shown(&plan(repositories)), @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com
      REPOSITORY                  KEPT  REMOVED  MANIFESTS      FREED  TAGS
      tools/00                       -        1          1          -     -  refused
      tools/01                       -        1          1          -     -  refused
      tools/02                       -        1          1          -     -  refused
      tools/03                       -        1          1          -     -  refused
      tools/04                       -        1          1          -     -  refused
      tools/05                       -        1          1          -     -  refused
      tools/06                       -        1          1          -     -  refused
      tools/07                       -        1          1          -     -  refused
      tools/08                       -        1          1          -     -  refused
      tools/09                       -        1          1          -     -  refused
      tools/10                       -        1          1          -     -  refused
      tools/11                       -        1          1          -     -  refused
      shop/web                       2        1          4  600.0 MiB     1
      …han-there-is-room-for/web     2        1          4  600.0 MiB     1
      300 more repositories without anything to remove

    210987654321.dkr.ecr.ap-northeast-1.amazonaws.com
      REPOSITORY  KEPT  REMOVED  MANIFESTS      FREED  TAGS
      shop/web       2        1          4  600.0 MiB     1

    Would delete 3 releases (12 manifests, 1.8 GiB) and 3 tags from 3 repositories. 306
    releases in 315 repositories stay.
    Held back: 12 releases (12 manifests) in 12 repositories.
    Sizes are those of ECR, in which images that share layers each have them;
    --exact-size counts every layer once.

    Refused, for safety
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/00
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/00
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/01
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/01
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/02
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/02
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/03
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/03
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/04
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/04
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/05
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/05
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/06
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/06
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/07
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/07
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/08
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/08
      nothing-in-use  123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools/09
        the repository has 1 image, and nothing uses any of them
        Name what uses it in the prune block (references, parameters, another
        account); if nothing does:
        --allow nothing-in-use:tools/09
      and 2 cases more of nothing-in-use; the JSON has them all

    Uses were looked for in 23 tasks, 14 services and 1 function in 1 region.
    1,237 calls: 1,204 ecr:DescribeImages, 31 ecr:BatchGetImage and 2
    ecs:DescribeServices.
    ");
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
    assert_snapshot!(text, @"
    123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web
      keep     sha256:e0d2747b9ab7  index           1 d              latest, v3
               in use by service prod/web, task definition web:12, as tag v3
               the newest release
      keep     sha256:668bb12587f2  image           1 d   300.0 MiB
               part of index sha256:e0d2747b9ab7
      keep     sha256:50e7d6f153ff  attestation     1 d    19.5 KiB
               attestations of sha256:668bb12587f2
      keep     sha256:fb04dcb6970e  index          20 d              old, v2
               release 2 of the newest 2
               loses its expired tags old
      keep     sha256:afff441331a3  image          20 d   300.0 MiB
               part of index sha256:fb04dcb6970e
      delete   sha256:3bfc269594ef  index          93 d              v1
               not in use, release 3, 93 d old
      delete   sha256:a80768025efc  image          93 d   300.0 MiB
               part of index sha256:3bfc269594ef, which goes
      delete   sha256:bbf8ebdad191  attestation    93 d    19.5 KiB
               attestations of sha256:a80768025efc, which goes
      delete   sha256:76f75e6129fe  image          40 d   300.0 MiB
               no tag and part of nothing, 40 d old
      keep     sha256:1137b15c7797  unknown           ?              v1.0.0, v1.0.1…
               the newest release
               release 2 of the newest 5
               release 3 of the newest 5
               and 2 reasons more
    ");
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
