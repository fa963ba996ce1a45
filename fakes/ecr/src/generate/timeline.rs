//! What happened to a repository in its days: pushes in their order, and which tags they left.

use super::random::Random;
use super::recipe::{self, Architecture, Kind, Link, Parts, Recipe};
use super::{GeneratedRelease, GeneratedRepository, Spec};
use crate::Digest;
use crate::image::NewImage;

const DAY: f64 = 86_400.0;
/// The branches whose cache is exported.
const BRANCHES: u64 = 6;
/// A base image serves so many events on average.
const BASE_LIFE: u64 = 25;

/// A push, or what belongs together of several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Release {
        signed: bool,
        sbom: bool,
    },
    /// A release whose last step never came: images without an index, or a single one.
    Leftover {
        images: usize,
    },
    Plain,
    Cache {
        branch: u64,
    },
}

impl Event {
    fn draw(random: &mut Random) -> Self {
        match random.within(0, 100) {
            0..55 => Self::Release {
                signed: random.percent(40),
                sbom: random.percent(25),
            },
            55..75 => Self::Plain,
            75..90 => Self::Cache {
                branch: random.within(0, BRANCHES),
            },
            _ => Self::Leftover {
                images: if random.percent(50) { 2 } else { 1 },
            },
        }
    }

    /// How many manifests it pushes.
    fn len(self) -> usize {
        match self {
            Self::Release { signed, sbom } => 7 + usize::from(signed) + usize::from(sbom),
            Self::Leftover { images } => images,
            Self::Plain | Self::Cache { .. } => 1,
        }
    }
}

/// The repository with this number.
pub(super) fn repository(spec: &Spec, number: usize) -> GeneratedRepository {
    let mut random = Random::of_part(spec.seed, number as u64 + 1);
    let mut events = Vec::new();
    let mut left = spec.manifests;
    while left > 0 {
        let event = Event::draw(&mut random);
        // What does not fit any more is a push that broke off.
        let event = if event.len() > left {
            Event::Leftover { images: 1 }
        } else {
            event
        };
        left -= event.len();
        events.push(event);
    }
    let mut times: Vec<f64> = events
        .iter()
        .map(|_| spec.now - random.fraction() * spec.days * DAY)
        .collect();
    times.sort_by(f64::total_cmp);
    let mut history = History {
        now: spec.now,
        random,
        base: 0,
        releases: Vec::new(),
        images: Vec::with_capacity(spec.manifests),
        plain: 0,
    };
    for (event, time) in events.into_iter().zip(times) {
        history.happen(event, time);
    }
    history.name_the_last();
    GeneratedRepository {
        name: format!("bench/service-{number:03}"),
        images: history.images,
        releases: history.releases,
    }
}

struct History {
    now: f64,
    random: Random,
    base: u64,
    images: Vec<NewImage>,
    releases: Vec<GeneratedRelease>,
    plain: usize,
}

impl History {
    fn happen(&mut self, event: Event, time: f64) {
        let seed = self.random.next();
        if self.base == 0 || self.random.within(0, BASE_LIFE) == 0 {
            self.base = self.random.next();
        }
        let recipe = Recipe {
            kind: Kind::Plain,
            seed,
            base: self.base,
        };
        match event {
            Event::Release { signed, sbom } => self.release(recipe, time, signed, sbom),
            Event::Leftover { images } => {
                for architecture in Architecture::BOTH.into_iter().take(images) {
                    let recipe = recipe.part(Kind::Platform(architecture));
                    self.images.push(NewImage::made(recipe, time));
                }
            }
            Event::Plain => {
                self.plain += 1;
                let image = NewImage::made(recipe, time).tag(format!("job-{}", self.plain));
                let image = self.maybe_pulled(image, 50);
                self.images.push(image);
            }
            Event::Cache { branch } => {
                let image = NewImage::made(recipe.part(Kind::Cache), time);
                self.images
                    .push(image.tag(format!("cache-branch-{branch}")));
            }
        }
    }

    fn release(&mut self, recipe: Recipe, time: f64, signed: bool, sbom: bool) {
        let number = self.releases.len() + 1;
        let staged = self.random.percent(10);
        let parts = Architecture::BOTH.map(|architecture| {
            let soci = NewImage::made(recipe.part(Kind::Soci(architecture)), time);
            let attestation = NewImage::made(recipe.part(Kind::Attestation(architecture)), time);
            let mut image = NewImage::made(recipe.part(Kind::Platform(architecture)), time);
            if staged {
                image = image.tag(format!("v{number}-{}", architecture.name()));
            }
            let image = self.maybe_pulled(image, 60);
            let parts = Parts {
                image: image.link(),
                attestation: attestation.link(),
                soci: soci.link(),
            };
            self.images.extend([soci, image, attestation]);
            parts
        });
        // The index comes last, some seconds after its parts.
        let pushed = time + 4.5;
        let index = NewImage::new(recipe::index(parts), pushed);
        let link = index.link();
        let mut tags = Vec::new();
        // Some releases lost their only tag to a later one.
        if !self.random.percent(10) {
            tags.push(format!("v{number}"));
        }
        let mut index = self.maybe_pulled(index, 70);
        index.tags.clone_from(&tags);
        self.images.push(index);
        if signed {
            let signature = NewImage::made(recipe.part(Kind::Signature), pushed + 2.0);
            self.images.push(signature.tag(signature_tag(link.digest)));
        }
        if sbom {
            let sbom = recipe.sbom(&link);
            self.images.push(NewImage::new(sbom, pushed + 3.0));
        }
        self.releases.push(GeneratedRelease {
            index: link.digest,
            tags,
            pushed,
        });
    }

    /// Pulled at some time since its push, so often in a hundred times.
    fn maybe_pulled(&mut self, image: NewImage, percent: u64) -> NewImage {
        if !self.random.percent(percent) {
            return image;
        }
        let since = (self.now - image.pushed).max(0.0);
        // Most pulls come soon after the push.
        let share = self.random.fraction().powi(3);
        let time = image.pushed + share * since;
        image.pulled(time)
    }

    /// `latest` is the last release.
    fn name_the_last(&mut self) {
        let Some(last) = self.releases.last_mut() else {
            return;
        };
        last.tags.push("latest".to_owned());
        let digest = last.index;
        let mut images = self.images.iter_mut().rev();
        if let Some(index) = images.find(|image| image.digest() == digest) {
            index.tags.push("latest".to_owned());
        }
    }
}

/// `sha256-HEX.sig`
fn signature_tag(digest: Digest) -> String {
    format!("sha256-{}.sig", digest.hex())
}

impl NewImage {
    fn link(&self) -> Link {
        Link {
            digest: self.read.digest,
            size: self.read.length,
        }
    }
}
