//! What was found so far at one place, from several requests at once.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::image_text;
use crate::aws::{AwsError, AwsErrorKind};
use crate::prune::{
    EcrReference, KnownRelease, Refusal, RefusalCode, RefusalSubject, Source, SourceCount, Use,
    UsedBy,
};

/// A section of the configuration: `cluster "prod-*"`.
pub(super) type Section = String;

/// What was found at a place, or in files.
#[derive(Debug)]
pub(super) struct Findings {
    account: String,
    region: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    uses: BTreeSet<Use>,
    wanted: Vec<WantedDefinition>,
    releases: Vec<KnownRelease>,
    refusals: BTreeMap<(RefusalCode, String), Told>,
    found: BTreeMap<Source, usize>,
    images: BTreeMap<Source, BTreeSet<EcrReference>>,
    matched: BTreeSet<Section>,
    jobs: Vec<WantedDefinition>,
    warnings: BTreeSet<String>,
}

/// What is told of a case.
#[derive(Debug)]
struct Told {
    /// What happened first.
    detail: String,
    times: usize,
    /// One of them may be gone when it is tried again.
    temporary: bool,
}

/// A task definition, or a job definition of Batch, that something names: its images are in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct WantedDefinition {
    /// An ARN, `family:revision`, or either without a revision for the latest one.
    pub(super) name: String,
    /// Where it was found.
    pub(super) source: Source,
    /// Who names it; empty where it is the definition itself that counts.
    pub(super) by: String,
    /// Digests that were pulled, by container, where nothing else tells their image.
    pub(super) digests: BTreeMap<String, String>,
}

/// The whole of what was found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) uses: Vec<Use>,
    pub(super) releases: Vec<KnownRelease>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) sources: Vec<SourceCount>,
    pub(super) matched: BTreeSet<Section>,
    pub(super) warnings: BTreeSet<String>,
}

impl Findings {
    /// Nothing so far; account and region are empty for files and programs.
    pub(super) fn new(account: &str, region: &str) -> Self {
        Self {
            account: account.to_owned(),
            region: region.to_owned(),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A source was looked at, and has so many more things.
    pub(super) fn count(&self, source: Source, found: usize) {
        *self.state().found.entry(source).or_default() += found;
    }

    /// Something names an image, and perhaps pulled a digest for it.
    pub(super) fn image(&self, source: Source, name: &str, text: &str, pulled: Option<&str>) {
        match image_text::images(text, pulled) {
            Ok(images) => {
                for image in images {
                    self.reference(source, name, image);
                }
            }
            Err(problem) => self.bad_reference(source, name, &problem),
        }
    }

    /// Something uses an image of ECR.
    pub(super) fn reference(&self, source: Source, name: &str, image: EcrReference) {
        let mut state = self.state();
        state
            .images
            .entry(source)
            .or_default()
            .insert(image.clone());
        let name = name.to_owned();
        let by = UsedBy { source, name };
        state.uses.insert(Use { image, by });
    }

    /// Something runs a task definition.
    pub(super) fn definition(&self, wanted: WantedDefinition) {
        self.state().wanted.push(wanted);
    }

    /// The task definitions that are wanted so far, by name.
    pub(super) fn take_definitions(&self) -> BTreeMap<String, Vec<WantedDefinition>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for wanted in std::mem::take(&mut self.state().wanted) {
            all.entry(wanted.name.clone()).or_default().push(wanted);
        }
        all
    }

    /// Something starts jobs of a job definition.
    pub(super) fn job(&self, wanted: WantedDefinition) {
        self.state().jobs.push(wanted);
    }

    /// The job definitions that are wanted so far.
    pub(super) fn take_jobs(&self) -> Vec<WantedDefinition> {
        std::mem::take(&mut self.state().jobs)
    }

    /// Somebody should look at this, though it holds nothing.
    pub(super) fn warn(&self, text: String) {
        self.state().warnings.insert(text);
    }

    /// Whether nothing is in use so far, though no list failed in a way that may pass.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.uses.is_empty() && !state.refusals.values().any(|told| told.temporary)
    }

    /// A place that the configuration names has nothing at all.
    pub(super) fn nothing_at(&self, place: String, problem: String) {
        self.refuse(RefusalCode::MatchesNothing, place, problem, false);
    }

    /// Something was released.
    pub(super) fn release(&self, release: KnownRelease) {
        self.state().releases.push(release);
    }

    /// Something in use names an image that cannot be read.
    pub(super) fn bad_reference(&self, source: Source, name: &str, problem: &str) {
        let name = format!("{} {name}", source.label());
        self.refuse(RefusalCode::BadReference, name, problem.to_owned(), false);
    }

    /// A call to AWS failed that is about all that is there: a list is not whole.
    pub(super) fn failed(&self, error: &AwsError) {
        self.failed_of("", error);
    }

    /// A call to AWS failed that is about one thing, which the case names: who allows it, allows no other.
    pub(super) fn failed_of(&self, thing: &str, error: &AwsError) {
        let parts = [self.account.as_str(), error.action, thing];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let name = parts.collect::<Vec<_>>().join(" ");
        let name = format!("{name} in {}", error.region);
        let temporary = error.may_pass();
        let mut detail = told(error);
        if let Some(way) = way_out(error) {
            detail = format!("{detail}; {way}");
        }
        self.refuse(RefusalCode::ListFailed, name, detail, temporary);
    }

    /// A file or a program did not give its list.
    pub(super) fn unlisted(&self, name: String, problem: String) {
        self.refuse(RefusalCode::ListFailed, name, problem, false);
    }

    /// A file or a program gave a list, and it is empty: it protects nothing.
    pub(super) fn nothing_listed(&self, name: String) {
        let problem = "it lists no image, and so protects nothing".to_owned();
        self.refuse(RefusalCode::MatchesNothing, name, problem, false);
    }

    /// The same case is told once, with what happened first.
    fn refuse(&self, code: RefusalCode, name: String, detail: String, temporary: bool) {
        let mut state = self.state();
        let told = state.refusals.entry((code, name)).or_insert(Told {
            detail,
            times: 0,
            temporary: false,
        });
        told.times += 1;
        told.temporary |= temporary;
    }

    /// A section of the configuration names something that is there.
    pub(super) fn matched(&self, section: Section) {
        self.state().matched.insert(section);
    }

    /// All of it, sorted.
    pub(super) fn finish(self) -> Found {
        let Self {
            account,
            region,
            state,
        } = self;
        let state = state.into_inner().unwrap_or_else(PoisonError::into_inner);
        let refusals = state.refusals.into_iter();
        let mut releases = state.releases;
        releases.sort_by(|a, b| {
            let key = |one: &KnownRelease| (one.repository.clone(), one.digest, one.at);
            key(a).cmp(&key(b))
        });
        releases.dedup();
        let sources = state.found.iter().map(|(source, found)| SourceCount {
            source: *source,
            account: account.clone(),
            region: region.clone(),
            found: *found,
            images: state.images.get(source).map_or(0, BTreeSet::len),
        });
        Found {
            sources: sources.collect(),
            uses: state.uses.into_iter().collect(),
            releases,
            refusals: refusals
                .map(|((code, name), told)| {
                    let more = match told.times {
                        1 => String::new(),
                        times => format!(" (and {} more)", times - 1),
                    };
                    let detail = told.detail + &more;
                    Refusal::new(code, name, RefusalSubject::Everything, detail)
                        .temporary(told.temporary)
                })
                .collect(),
            matched: state.matched,
            warnings: state.warnings,
        }
    }
}

/// AWS's words, and of an error that has none what is behind it.
pub(in crate::prune::collect) fn told(error: &AwsError) -> String {
    let told = matches!(
        error.kind,
        AwsErrorKind::NoCredentials
            | AwsErrorKind::Invalid
            | AwsErrorKind::Unreachable
            | AwsErrorKind::NoEndpoint
    );
    let mut text = error.kind.to_string();
    let mut source = error.source().filter(|_| told);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

/// Which attribute of the block does not look there, of a service that cannot be reached: in a network without an
/// endpoint for it nothing else helps.
fn way_out(error: &AwsError) -> Option<String> {
    let (AwsErrorKind::Unreachable | AwsErrorKind::NoEndpoint) = error.kind else {
        return None;
    };
    let (service, _) = error.action.split_once(':')?;
    let (attribute, things) = match service {
        "ecs" => ("ecs", "cluster and no family"),
        "lambda" => ("lambda", "function"),
        "events" => ("events", "rule"),
        "scheduler" => ("scheduler", "schedule"),
        "batch" => ("batch", "job definition"),
        "states" => ("step_functions", "state machine"),
        _ => return None,
    };
    Some(format!("{attribute} = false looks at no {things}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttled() -> AwsError {
        AwsError {
            action: "ecs:ListTasks",
            region: "eu-west-1".to_owned(),
            kind: AwsErrorKind::Throttled,
            source: None,
        }
    }

    #[test]
    fn a_failure_is_told_once_by_the_name_of_the_call() {
        let findings = Findings::new("prod", "eu-west-1");
        findings.failed(&throttled());
        findings.failed(&throttled());
        let found = findings.finish();
        let [refusal] = found.refusals.as_slice() else {
            panic!("{:?}", found.refusals);
        };
        assert_eq!(refusal.name, "prod ecs:ListTasks in eu-west-1");
        assert_eq!(refusal.code, RefusalCode::ListFailed);
        assert_eq!(refusal.subject, RefusalSubject::Everything);
        assert_eq!(refusal.detail, "too many requests (and 1 more)");
        assert!(refusal.temporary);
        let findings = Findings::new("", "eu-west-1");
        findings.failed(&throttled());
        let name = findings.finish().refusals.remove(0).name;
        assert_eq!(name, "ecs:ListTasks in eu-west-1");
    }

    #[test]
    fn a_failure_of_one_thing_names_it() {
        let denied = |action| AwsError {
            action,
            region: "eu-west-1".to_owned(),
            kind: AwsErrorKind::Denied {
                message: "no".to_owned(),
            },
            source: None,
        };
        let findings = Findings::new("prod", "eu-west-1");
        let error = denied("ecs:DescribeTaskDefinition");
        findings.failed_of("web:12", &error);
        findings.failed_of("web:13", &error);
        // What is temporary once is not lasting, whatever happened before.
        findings.failed_of("default", &denied("ecs:ListTasks"));
        findings.failed_of("default", &throttled());
        let refusals = findings.finish().refusals;
        let told: Vec<_> = refusals
            .iter()
            .map(|one| (one.name.as_str(), one.temporary))
            .collect();
        let expected = [
            ("prod ecs:DescribeTaskDefinition web:12 in eu-west-1", false),
            ("prod ecs:DescribeTaskDefinition web:13 in eu-west-1", false),
            ("prod ecs:ListTasks default in eu-west-1", true),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_service_without_an_endpoint_is_lasting_and_says_how_to_leave_it_out() {
        let failed = |action, kind| {
            let findings = Findings::new("", "eu-west-1");
            findings.failed(&AwsError {
                action,
                region: "eu-west-1".to_owned(),
                kind,
                source: None,
            });
            let refusal = findings.finish().refusals.remove(0);
            (refusal.temporary, refusal.detail)
        };
        let (temporary, detail) = failed("scheduler:ListSchedules", AwsErrorKind::NoEndpoint);
        assert!(!temporary);
        let expected = "there is no endpoint; scheduler = false looks at no schedule";
        assert_eq!(detail, expected);
        let (temporary, detail) = failed("states:ListStateMachines", AwsErrorKind::Unreachable);
        assert!(temporary);
        assert!(detail.contains("step_functions = false"), "{detail}");
        let (_, detail) = failed("ssm:GetParameter", AwsErrorKind::NoEndpoint);
        assert_eq!(detail, "there is no endpoint");
        let (temporary, detail) = failed("batch:ListJobs", AwsErrorKind::Throttled);
        assert!(temporary && !detail.contains("false"), "{detail}");
    }

    #[test]
    fn images_are_counted_once_per_source() {
        let findings = Findings::new("", "eu-west-1");
        let text = "1.dkr.ecr.eu-west-1.amazonaws.com/web:1";
        let text = text.replace("1.dkr", "123456789012.dkr");
        findings.count(Source::Task, 2);
        findings.count(Source::Service, 0);
        findings.image(Source::Task, "a", &text, None);
        findings.image(Source::Task, "b", &text, None);
        findings.image(Source::Task, "b", "nginx", None);
        findings.image(Source::Task, "c", "<IMAGE>", None);
        let found = findings.finish();
        assert_eq!(found.uses.len(), 2);
        let counts: Vec<_> = found
            .sources
            .iter()
            .map(|one| (one.found, one.images))
            .collect();
        assert_eq!(counts, [(2, 1), (0, 0)]);
        assert_eq!(found.refusals[0].name, "task c");
    }
}
