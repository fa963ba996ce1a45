//! Why one image stays or goes as JSON, `launchway.prune-explanation/v1`: what `prune explain --format json` prints.

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::{Case, ImageEntry, Reason, action, as_text};
use crate::image::Digest;
use crate::prune::explain::{Because, Explanation, Member, Step, Way};
use crate::prune::{EcrRepository, Link, Plan, RepositoryPlan};

/// The name and version of the form.
pub const SCHEMA: &str = "launchway.prune-explanation/v1";

/// Writes the explanation of an image of `repository`, which is a part of `plan`: two spaces of indentation, a newline
/// at the end. `version` is ours.
///
/// # Errors
/// What the writer fails with.
pub fn write(
    writer: &mut dyn Write,
    explanation: &Explanation<'_>,
    repository: &RepositoryPlan,
    plan: &Plan,
    version: &str,
) -> io::Result<()> {
    let cases = plan.refusals.iter().chain(&repository.refusals);
    let document = Document {
        schema: SCHEMA,
        version,
        created_at: plan.created_at,
        repository: explanation.repository,
        action: action(repository.archive),
        may_apply: plan.may_apply(repository),
        refusals: cases.map(Case::of).collect(),
        image: ImageEntry::of(explanation.image),
        because: explanation.because.iter().map(WayEntry::of).collect(),
        with: explanation.with.iter().map(MemberEntry::of).collect(),
    };
    serde_json::to_writer_pretty(&mut *writer, &document)?;
    writer.write_all(b"\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema: &'static str,
    version: &'a str,
    created_at: Timestamp,
    #[serde(serialize_with = "as_text")]
    repository: &'a EcrRepository,
    /// `delete` or `archive`: what happens to removed images.
    action: &'static str,
    /// No case holds the repository.
    may_apply: bool,
    /// Of the repository, and of everything.
    refusals: Vec<Case<'a>>,
    image: ImageEntry<'a>,
    /// What each of its reasons rests on.
    because: Vec<WayEntry<'a>>,
    /// What belongs to it.
    with: Vec<MemberEntry<'a>>,
}

#[derive(Serialize)]
struct WayEntry<'a> {
    reason: Reason<'a>,
    over: Vec<StepEntry<'a>>,
}

impl<'a> WayEntry<'a> {
    fn of(way: &Way<'a>) -> Self {
        Self {
            reason: reason(way.reason),
            over: way.over.iter().map(StepEntry::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct StepEntry<'a> {
    digest: &'a Digest,
    tags: &'a [String],
    reasons: Vec<Reason<'a>>,
}

impl<'a> StepEntry<'a> {
    fn of(step: &Step<'a>) -> Self {
        Self {
            digest: step.digest,
            tags: step.tags,
            reasons: step.reasons.iter().copied().map(reason).collect(),
        }
    }
}

#[derive(Serialize)]
struct MemberEntry<'a> {
    of: Digest,
    link: Link,
    image: ImageEntry<'a>,
}

impl<'a> MemberEntry<'a> {
    fn of(member: &Member<'a>) -> Self {
        Self {
            of: member.of,
            link: member.link,
            image: ImageEntry::of(member.image),
        }
    }
}

fn reason(because: Because<'_>) -> Reason<'_> {
    match because {
        Because::Keep(reason) => Reason::keep(reason),
        Because::Remove(reason) => Reason::remove(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prune::explain::{Wanted, explain};
    use crate::prune::samples::{digest, list_failed, plan, web};

    #[test]
    fn json() {
        let mut plan = plan(vec![web()]);
        plan.refusals.push(list_failed());
        let wanted = Wanted::Digest(digest("v1-amd64").to_string());
        let repository = &plan.repositories[0];
        let found = explain(repository, &wanted).unwrap();
        let mut text = Vec::new();
        write(&mut text, &found, repository, &plan, "1.2.3").unwrap();
        insta::assert_snapshot!(String::from_utf8(text).unwrap(), @"
    {
      \"schema\": \"launchway.prune-explanation/v1\",
      \"version\": \"1.2.3\",
      \"createdAt\": \"2026-07-01T03:00:00Z\",
      \"repository\": \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web\",
      \"action\": \"delete\",
      \"mayApply\": false,
      \"refusals\": [
        {
          \"code\": \"list-failed\",
          \"name\": \"lambda:ListFunctions\",
          \"detail\": \"lambda:ListFunctions in eu-west-1: access was denied (User is not authorized)\",
          \"allowed\": false,
          \"holds\": \"everything\"
        }
      ],
      \"image\": {
        \"digest\": \"sha256:a80768025efc500fadd1274524b37464725deb53a8c180c2ec7d37e017845502\",
        \"verdict\": \"remove\",
        \"kind\": \"image\",
        \"tags\": [],
        \"size\": 314572800,
        \"pushedAt\": \"2026-03-30T03:00:00Z\",
        \"reasons\": [
          {
            \"rule\": \"part\",
            \"of\": \"sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe\",
            \"link\": \"child\",
            \"text\": \"part of index sha256:3bfc269594ef, which goes\"
          }
        ]
      },
      \"because\": [
        {
          \"reason\": {
            \"rule\": \"part\",
            \"of\": \"sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe\",
            \"link\": \"child\",
            \"text\": \"part of index sha256:3bfc269594ef, which goes\"
          },
          \"over\": [
            {
              \"digest\": \"sha256:3bfc269594ef649228e9a74bab00f042efc91d5acc6fbee31a382e80d42388fe\",
              \"tags\": [
                \"v1\"
              ],
              \"reasons\": [
                {
                  \"rule\": \"expired\",
                  \"age\": 8035200,
                  \"rank\": 3,
                  \"text\": \"not in use, release 3, 93 d old\"
                }
              ]
            }
          ]
        }
      ],
      \"with\": [
        {
          \"of\": \"sha256:a80768025efc500fadd1274524b37464725deb53a8c180c2ec7d37e017845502\",
          \"link\": \"attestation-of\",
          \"image\": {
            \"digest\": \"sha256:bbf8ebdad191b295bc856f4924831a85a74df175f5acccafe262df0ddef0f2ab\",
            \"verdict\": \"remove\",
            \"kind\": \"attestation\",
            \"tags\": [],
            \"size\": 20000,
            \"pushedAt\": \"2026-03-30T03:00:00Z\",
            \"reasons\": [
              {
                \"rule\": \"part\",
                \"of\": \"sha256:a80768025efc500fadd1274524b37464725deb53a8c180c2ec7d37e017845502\",
                \"link\": \"attestation-of\",
                \"text\": \"attestations of sha256:a80768025efc, which goes\"
              }
            ]
          }
        }
      ]
    }
    ");
    }
}
