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
    insta::assert_snapshot!(written(&plan), @"
    {
      \"schema\": \"launchway.prune-plan/v1\",
      \"version\": \"1.2.3\",
      \"createdAt\": \"2026-07-01T03:00:00Z\",
      \"refused\": true,
      \"refusals\": [
        {
          \"code\": \"list-failed\",
          \"name\": \"lambda:ListFunctions\",
          \"detail\": \"lambda:ListFunctions in eu-west-1: access was denied (User is not authorized)\",
          \"allowed\": false,
          \"holds\": \"everything\"
        }
      ],
      \"warnings\": [
        \"something is odd\"
      ],
      \"sources\": [
        {
          \"source\": \"service\",
          \"account\": \"\",
          \"region\": \"eu-west-1\",
          \"found\": 14,
          \"images\": 16
        },
        {
          \"source\": \"task\",
          \"account\": \"\",
          \"region\": \"eu-west-1\",
          \"found\": 23,
          \"images\": 23
        },
        {
          \"source\": \"function\",
          \"account\": \"\",
          \"region\": \"eu-west-1\",
          \"found\": 1,
          \"images\": 1
        }
      ],
      \"calls\": {
        \"total\": 15,
        \"operations\": {
          \"ecr:BatchGetImage\": 3,
          \"ecr:DescribeImages\": 12
        }
      },
      \"repositories\": [
        {
          \"repository\": \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web\",
          \"account\": \"123456789012\",
          \"region\": \"eu-west-1\",
          \"name\": \"shop/web\",
          \"action\": \"delete\",
          \"mayApply\": false,
          \"refusals\": [],
          \"warnings\": [],
          \"sizes\": {
            \"total\": {\"manifests\": 9, \"releases\": 3, \"bytes\": 1258331200},
            \"removed\": {\"manifests\": 4, \"releases\": 1, \"bytes\": 629165600},
            \"tags\": 1,
            \"exact\": false
          },
          \"images\": [
            {\"digest\": \"sha256:e0d2747b9ab7abb6eb65e0373fa1b428a28bd6d8a2380106dcc080f58005ee14\", \"verdict\": \"keep\", \"kind\": \"index\", \"tags\": [\"latest\", \"v3\"], \"pushedAt\": \"2026-06-30T03:00:00Z\", \"reasons\": [{\"rule\": \"in-use\", \"by\": {\"source\": \"service\", \"name\": \"prod/web, task definition web:12\"}, \"tag\": \"v3\", \"text\": \"in use by service prod/web, task definition web:12, as tag v3\"}, {\"rule\": \"newest\", \"rank\": 1, \"of\": 2, \"text\": \"the newest release\"}]},
            {\"digest\": \"sha256:668bb12587f2971d29564eb8ef6fabdeb91a9514d1532ca93fdab4ba539c6906\", \"verdict\": \"keep\", \"kind\": \"image\", \"tags\": [], \"size\": 314572800, \"pushedAt\": \"2026-06-30T03:00:00Z\", \"reasons\": [{\"rule\": \"part\", \"of\": \"sha256:e0d2747b9ab7abb6eb65e0373fa1b428a28bd6d8a2380106dcc080f58005ee14\", \"link\": \"child\", \"text\": \"part of index sha256:e0d2747b9ab7\"}]},
            {\"digest\": \"sha256:50e7d6f153ff275174aaf34ac43f3b9b84403bb34bdb49e1e0e691c1fc3ca14a\", \"verdict\": \"keep\", \"kind\": \"attestation\", \"tags\": [], \"size\": 20000, \"pushedAt\": \"2026-06-30T03:00:00Z\", \"reasons\": [{\"rule\": \"part\", \"of\": \"sha256:668bb12587f2971d29564eb8ef6fabdeb91a9514d1532ca93fdab4ba539c6906\", \"link\": \"attestation-of\", \"text\": \"attestations of sha256:668bb12587f2\"}]},
            {\"digest\": \"sha256:fb04dcb6970e4c3d1873de51fd5a50d7bb46b3383113602665c350ec40b5f990\", \"verdict\": \"keep\", \"kind\": \"index\", \"tags\": [\"old\", \"v2\"], \"untag\": [\"old\"], \"pushedAt\": \"2026-06-11T03:00:00Z\", \"reasons\": [{\"rule\": \"newest\", \"rank\": 2, \"of\": 2, \"text\": \"release 2 of the newest 2\"}]},
            {\"digest\": \"sha256:afff441331a31014ecc601f39083db62b118a8a7559bca6e2b20fc69c9cfa4e4\", \"verdict\": \"keep\", \"kind\": \"image\", \"tags\": [], \"size\": 314572800, \"pushedAt\": \"2026-06-11T03:00:00Z\", \"reasons\": [{\"rule\": \"part\", \"of\": \"sha256:fb04dcb6970e4c3d1873de51fd5a50d7bb46b3383113602665c350ec40b5f990\", \"link\": \"child\", \"text\": \"part of index sha256:fb04dcb6970e\"}]},
            {\"digest\": \"sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe\", \"verdict\": \"remove\", \"kind\": \"index\", \"tags\": [\"v1\"], \"pushedAt\": \"2026-03-30T03:00:00Z\", \"reasons\": [{\"rule\": \"expired\", \"age\": 8035200, \"rank\": 3, \"text\": \"not in use, release 3, 93 d old\"}]},
            {\"digest\": \"sha256:a80768025efc500fadd1274524b37464725deb53a8c180c2ec7d37e017845502\", \"verdict\": \"remove\", \"kind\": \"image\", \"tags\": [], \"size\": 314572800, \"pushedAt\": \"2026-03-30T03:00:00Z\", \"reasons\": [{\"rule\": \"part\", \"of\": \"sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe\", \"link\": \"child\", \"text\": \"part of index sha256:3bfc269594ef, which goes\"}]},
            {\"digest\": \"sha256:bbf8ebdad191b295bc856f4924831a85a74df175f5acccafe262df0ddef0f2ab\", \"verdict\": \"remove\", \"kind\": \"attestation\", \"tags\": [], \"size\": 20000, \"pushedAt\": \"2026-03-30T03:00:00Z\", \"reasons\": [{\"rule\": \"part\", \"of\": \"sha256:a80768025efc500fadd1274524b37464725deb53a8c180c2ec7d37e017845502\", \"link\": \"attestation-of\", \"text\": \"attestations of sha256:a80768025efc, which goes\"}]},
            {\"digest\": \"sha256:76f75e6129fe30135bd44d80ab7cc46fdba81907758dc808f3e2517beef2b1e9\", \"verdict\": \"remove\", \"kind\": \"image\", \"tags\": [], \"size\": 314572800, \"pushedAt\": \"2026-05-22T03:00:00Z\", \"reasons\": [{\"rule\": \"untagged\", \"age\": 3456000, \"text\": \"no tag and part of nothing, 40 d old\"}]}
          ]
        },
        {
          \"repository\": \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/tools\",
          \"account\": \"123456789012\",
          \"region\": \"eu-west-1\",
          \"name\": \"tools\",
          \"action\": \"delete\",
          \"mayApply\": false,
          \"refusals\": [
            {\"code\": \"nothing-in-use\", \"name\": \"tools\", \"detail\": \"the repository has 1 image, and nothing uses any of them\", \"allowed\": true, \"holds\": \"repository\"}
          ],
          \"warnings\": [],
          \"sizes\": {
            \"total\": {\"manifests\": 1, \"releases\": 1, \"bytes\": 0},
            \"removed\": {\"manifests\": 1, \"releases\": 1, \"bytes\": 0},
            \"tags\": 0,
            \"exact\": false
          },
          \"images\": [
            {\"digest\": \"sha256:f9d35d43770d39092a663e665e82ae1d84a9e0da3d0d10c407acada6a40cd281\", \"verdict\": \"remove\", \"kind\": \"index\", \"tags\": [\"1.0\"], \"pushedAt\": \"2025-12-13T03:00:00Z\", \"reasons\": [{\"rule\": \"expired\", \"age\": 17280000, \"rank\": 1, \"text\": \"not in use, release 1, 200 d old\"}]}
          ]
        }
      ]
    }
    ");
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
                temporary: false,
            }],
            left: 1,
            refusals: Vec::new(),
        }],
        refusals: vec![list_failed()],
    };
    let mut text = Vec::new();
    result::write(&mut text, &applied, &CallCounts::new(), "1.2.3").unwrap();
    insta::assert_snapshot!(String::from_utf8(text).unwrap(), @"
    {
      \"schema\": \"launchway.prune-result/v1\",
      \"version\": \"1.2.3\",
      \"complete\": false,
      \"refusals\": [
        {
          \"code\": \"list-failed\",
          \"name\": \"lambda:ListFunctions\",
          \"detail\": \"lambda:ListFunctions in eu-west-1: access was denied (User is not authorized)\",
          \"allowed\": false,
          \"holds\": \"everything\"
        }
      ],
      \"calls\": {
        \"total\": 0,
        \"operations\": {}
      },
      \"repositories\": [
        {
          \"repository\": \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web\",
          \"deleted\": [
            \"sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe\"
          ],
          \"archived\": [],
          \"gone\": [
            \"sha256:76f75e6129fe30135bd44d80ab7cc46fdba81907758dc808f3e2517beef2b1e9\"
          ],
          \"untagged\": [
            {\"digest\": \"sha256:fb04dcb6970e4c3d1873de51fd5a50d7bb46b3383113602665c350ec40b5f990\", \"tag\": \"old\"}
          ],
          \"skipped\": [
            {\"digest\": \"sha256:a80768025efc500fadd1274524b37464725deb53a8c180c2ec7d37e017845502\", \"why\": {\"case\": \"changed\", \"change\": {\"is\": \"pulled\"}}, \"text\": \"it was pulled since\"}
          ],
          \"failed\": [
            {\"digest\": \"sha256:0270da4daac514f30bece5788a87ad7b800f59476d0d7e6f70d4b61fbc4f5e9e\", \"code\": \"KmsError\", \"text\": \"the key is disabled\"}
          ],
          \"left\": 1,
          \"refusals\": []
        }
      ]
    }
    ");
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
