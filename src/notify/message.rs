//! What is told: plain facts, not yet cut, masked or laid out.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::config::{NotifyEvent, NotifySettings};
use crate::plan::Plan;
use crate::release::record::{ImageRecord, Record};

/// One message, for all channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What happened.
    pub event: NotifyEvent,
    /// What it happened to: `acme/shop`.
    pub project: String,
    /// `staging`, when the configuration has environments.
    pub environment: Option<String>,
    /// What is built from.
    pub source: Source,
    /// What images were compared with: `tag:production`.
    pub baseline: Option<String>,
    /// The images that it is about.
    pub images: Vec<Image>,
    /// What is handed to the deploy stage.
    pub services: Vec<Service>,
    /// How long it took.
    pub duration: Option<Duration>,
    /// Why it failed.
    pub problem: Option<Problem>,
    /// What went wrong without failing.
    pub warnings: Vec<String>,
    /// Where to look.
    pub links: Vec<Link>,
    /// What somebody wants to say in addition.
    pub text: Option<String>,
}

/// What is built from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The full commit id.
    pub commit: Option<String>,
    /// The first line of the commit's message.
    pub subject: Option<String>,
    /// The branch.
    pub branch: Option<String>,
    /// The git tag of the commit.
    pub tag: Option<String>,
    /// The page of the commit.
    pub url: Option<String>,
}

/// An image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Image {
    /// The bake target.
    pub target: String,
    /// `registry/repository`.
    pub repository: String,
    /// `sha256:…`, once it is known.
    pub digest: Option<String>,
    /// Its tags, without repository.
    pub tags: Vec<String>,
    /// Whether it differs from the baseline, once it is known.
    pub changed: Option<bool>,
    /// Why.
    pub reason: String,
    /// Its platforms.
    pub platforms: Vec<Platform>,
}

/// A platform of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Platform {
    /// `linux/arm64`.
    pub name: String,
    /// The bytes of its layers, compressed, once they are known.
    pub size: Option<u64>,
}

/// An ECS service or task definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    /// The label of its block.
    pub name: String,
    /// The targets whose images it uses.
    pub targets: BTreeSet<String>,
    /// Those of them whose image changed.
    pub changed: BTreeSet<String>,
    /// Its task definition or appspec changed beside the images.
    pub definition_changed: bool,
}

/// Why a release failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The exit code of the process.
    pub exit: u8,
    /// What was tried, and on what.
    pub message: String,
    /// Why it failed, from the outermost cause to the innermost.
    pub causes: Vec<String>,
    /// The step whose last lines follow.
    pub step: Option<String>,
    /// The last lines of the step's output.
    pub log: Vec<String>,
    /// What to do about it, each a sentence.
    pub hints: Vec<String>,
}

/// A page to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it is: `CodeBuild`.
    pub label: String,
    /// Its address.
    pub url: String,
}

impl Message {
    /// A message that says nothing but what happened to what.
    pub fn new(event: NotifyEvent, project: impl Into<String>) -> Self {
        Self {
            event,
            project: project.into(),
            environment: None,
            source: Source::default(),
            baseline: None,
            images: Vec::new(),
            services: Vec::new(),
            duration: None,
            problem: None,
            warnings: Vec::new(),
            links: Vec::new(),
            text: None,
        }
    }

    /// Adds what is going to be released.
    #[must_use]
    pub fn with_plan(mut self, plan: &Plan) -> Self {
        let platforms = |target: &str| {
            let solves = plan.solves.iter().filter(|solve| solve.target == target);
            solves
                .map(|solve| Platform {
                    name: solve.platform.to_string(),
                    size: None,
                })
                .collect()
        };
        self.images = plan
            .images
            .iter()
            .map(|image| Image {
                target: image.target.clone(),
                repository: image.primary.repository.to_string(),
                tags: image.primary.tags.iter().map(ToString::to_string).collect(),
                platforms: platforms(&image.target),
                ..Image::default()
            })
            .collect();
        self.services = plan
            .services
            .iter()
            .map(|service| Service {
                name: service.name.clone(),
                targets: service.targets().into_iter().map(str::to_owned).collect(),
                changed: BTreeSet::new(),
                definition_changed: false,
            })
            .collect();
        self
    }

    /// Adds what was released. Services keep their targets, and learn which of these changed.
    #[must_use]
    pub fn with_record(mut self, record: &Record) -> Self {
        self.images = record.images.iter().map(image).collect();
        for service in &mut self.services {
            service.changed = service
                .targets
                .iter()
                .filter(|target| {
                    let image = record.images.get(*target);
                    image.is_some_and(|image| image.changed)
                })
                .cloned()
                .collect();
            let recorded = record.services.get(&service.name);
            service.definition_changed =
                recorded.is_some_and(|recorded| recorded.definition_changed == Some(true));
        }
        if record.environment.is_some() {
            self.environment.clone_from(&record.environment);
        }
        let known = |text: &String| !text.is_empty() && text != "none";
        self.baseline = Some(record.baseline.clone()).filter(known);
        self.duration = Some(Duration::from_millis(record.duration_ms));
        self.warnings.clone_from(&record.warnings);
        let source = &record.source;
        let other = source.commit.is_some() && source.commit != self.source.commit;
        if other {
            // What was found in the working directory is about another commit.
            self.source = Source::default();
        }
        let own = &mut self.source;
        for (mine, recorded) in [
            (&mut own.commit, &source.commit),
            (&mut own.branch, &source.branch),
            (&mut own.tag, &source.tag),
        ] {
            if recorded.is_some() {
                mine.clone_from(recorded);
            }
        }
        self
    }

    /// Adds why it failed.
    #[must_use]
    pub fn with_problem(mut self, problem: Problem) -> Self {
        self.problem = Some(problem);
        self
    }

    /// Whether an image, or what a service is deployed with, changed; `None` where that is not
    /// known.
    pub fn changed(&self) -> Option<bool> {
        if self
            .services
            .iter()
            .any(|service| service.definition_changed)
        {
            return Some(true);
        }
        let known: Vec<bool> = self
            .images
            .iter()
            .filter_map(|image| image.changed)
            .collect();
        (!known.is_empty()).then(|| known.contains(&true))
    }

    /// The message as a block should have it: with its project's name, and its targets and services
    /// alone. A success that changed none of them is told as `unchanged`. `None` when it is about
    /// others.
    #[must_use]
    pub fn for_notifier(&self, settings: &NotifySettings) -> Option<Self> {
        let mut message = self.clone();
        if let Some(project) = &settings.project {
            message.project.clone_from(project);
        }
        if settings.targets.is_none() && settings.services.is_none() {
            return Some(message);
        }
        if let Some(wanted) = &settings.services {
            message
                .services
                .retain(|service| wanted.contains(&service.name));
        }
        let used: BTreeSet<String> = message
            .services
            .iter()
            .flat_map(|service| service.targets.clone())
            .collect();
        let wanted = |target: &String| {
            let listed = settings.targets.as_ref();
            let listed = listed.is_some_and(|targets| targets.contains(target));
            listed || (settings.services.is_some() && used.contains(target))
        };
        message.images.retain(|image| wanted(&image.target));
        if settings.services.is_none() {
            let of_wanted = |service: &Service| service.targets.iter().any(wanted);
            message.services.retain(of_wanted);
        }
        // Before there is a plan nobody knows whom it is about: everybody.
        if message.images.is_empty() && !self.images.is_empty() {
            return None;
        }
        if message.event == NotifyEvent::Success && message.changed() == Some(false) {
            message.event = NotifyEvent::Unchanged;
        }
        Some(message)
    }
}

fn image((target, image): (&String, &ImageRecord)) -> Image {
    let platforms = image.platforms.iter().map(|(platform, built)| {
        let size = built.layers.iter().map(|layer| layer.size).sum();
        Platform {
            name: platform.to_string(),
            size: (!built.layers.is_empty()).then_some(size),
        }
    });
    Image {
        target: target.clone(),
        repository: image.repository.clone(),
        digest: Some(image.digest.to_string()),
        tags: image.tags.clone(),
        changed: Some(image.changed),
        reason: image.reason.clone(),
        platforms: platforms.collect(),
    }
}
