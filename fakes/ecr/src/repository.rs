//! A repository: images in the order of their push, by digest and by tag, and which index lists which.
//!
//! The order is a number that only grows, so that a page begins after the number of the last one, whatever was
//! deleted meanwhile. Deleted images stay as long as some part of the service is to see them late.
//! Rules of the API are in `operation`; here is only what keeps the maps in step.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use serde_json::Value;

use crate::Digest;
use crate::image::{Image, ImageStatus, NewImage};
use crate::late::{Consistency, Mark};

/// The place of an image in its repository's order.
pub(crate) type Place = u64;

#[derive(Debug, Default)]
pub(crate) struct RepositoryState {
    images: BTreeMap<Place, Image>,
    by_digest: HashMap<Digest, Place>,
    by_tag: HashMap<String, Place>,
    /// The indexes that list a digest, deleted ones included as long as they are in `images`.
    parents: HashMap<Digest, HashSet<Place>>,
    /// The images with this subject, in their order.
    referrers: HashMap<Digest, Vec<Place>>,
    deleted: Vec<Place>,
    next: Place,
    /// How many calls have named this repository, the present one included.
    call: AtomicU64,
    pub(crate) settings: Settings,
}

/// What `CreateRepository` and the setters say of a repository.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) created: f64,
    pub(crate) immutable: bool,
    /// Tags that are not as `immutable` says; `*` stands for anything.
    pub(crate) exclusions: Vec<String>,
    pub(crate) lifecycle_policy: Option<String>,
    /// Members of the description that have no effect here.
    pub(crate) told: serde_json::Map<String, Value>,
}

impl RepositoryState {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }

    /// A call names this repository.
    pub(crate) fn called(&self) {
        self.call.fetch_add(1, Ordering::Relaxed);
    }

    /// The present, to tell later whether it is seen yet.
    pub(crate) fn mark(&self) -> Mark {
        Mark {
            call: self.call(),
            at: Instant::now(),
        }
    }

    fn call(&self) -> u64 {
        self.call.load(Ordering::Relaxed)
    }

    pub(crate) fn image(&self, digest: Digest) -> Option<&Image> {
        self.images.get(self.by_digest.get(&digest)?)
    }

    pub(crate) fn image_mut(&mut self, digest: Digest) -> Option<&mut Image> {
        self.images.get_mut(self.by_digest.get(&digest)?)
    }

    pub(crate) fn tagged(&self, tag: &str) -> Option<&Image> {
        self.images.get(self.by_tag.get(tag)?)
    }

    /// The images that exist, in their order.
    pub(crate) fn images(&self) -> impl Iterator<Item = &Image> {
        let images = self.images.values();
        images.filter(|image| image.deleted.is_none())
    }

    /// The images that a list shows from a place on: existing ones, and deleted ones that it sees late.
    pub(crate) fn listed(
        &self,
        from: Place,
        consistency: Consistency,
    ) -> impl Iterator<Item = (Place, &Image)> {
        let images = self.images.range(from..);
        images
            .filter(move |(_, image)| match image.deleted {
                None => true,
                Some(deleted) => {
                    consistency.lists.hides(deleted, self.call())
                        && !self.by_digest.contains_key(&image.digest)
                }
            })
            .map(|(place, image)| (*place, image))
    }

    /// The images that refer to a subject from a place on.
    pub(crate) fn referrers(
        &self,
        subject: Digest,
        from: Place,
    ) -> impl Iterator<Item = (Place, &Image)> {
        let places = self.referrers.get(&subject).into_iter().flatten();
        places
            .filter(move |place| **place >= from)
            .filter_map(|place| Some((*place, self.images.get(place)?)))
            .filter(|(_, image)| image.deleted.is_none())
    }

    /// The indexes that hold on to a digest, by the manifest-list rule.
    pub(crate) fn lists_of(&self, digest: Digest, consistency: Consistency) -> Vec<Digest> {
        let places = self.parents.get(&digest).into_iter().flatten();
        let mut lists: Vec<Digest> = places
            .filter_map(|place| self.images.get(place))
            .filter(|index| match index.deleted {
                None => true,
                Some(deleted) => consistency.manifest_lists.hides(deleted, self.call()),
            })
            .map(|index| index.digest)
            .collect();
        lists.sort_unstable();
        lists.dedup();
        lists
    }

    /// Where an image is stored, as this call sees it.
    pub(crate) fn status(&self, image: &Image, consistency: Consistency) -> ImageStatus {
        match image.restored {
            Some(mark) if !consistency.restores.hides(mark, self.call()) => ImageStatus::Active,
            _ => image.status,
        }
    }

    /// Bytes of an image; of an index the most of its children.
    pub(crate) fn size(&self, image: &Image) -> u64 {
        let children = image.facts.children.iter();
        let children = children.filter_map(|child| self.image(*child));
        children
            .map(|child| child.facts.size)
            .max()
            .unwrap_or(image.facts.size)
    }

    /// Puts an image with its tags, which move from whichever images had them. An image that is there keeps
    /// its push time.
    pub(crate) fn put(&mut self, new: &NewImage) -> Digest {
        let image = Image::new(new);
        let digest = image.digest;
        if !self.by_digest.contains_key(&digest) {
            let place = self.next;
            self.next += 1;
            for child in &image.facts.children {
                self.parents.entry(*child).or_default().insert(place);
            }
            if let Some(subject) = image.facts.subject {
                self.referrers.entry(subject).or_default().push(place);
            }
            self.by_digest.insert(digest, place);
            self.images.insert(place, image);
        }
        for tag in &new.tags {
            self.tag(digest, tag);
        }
        digest
    }

    /// Gives an image that exists a tag. Whichever image had it stays, without it.
    pub(crate) fn tag(&mut self, digest: Digest, tag: &str) {
        self.untag(tag);
        if let Some(place) = self.by_digest.get(&digest).copied()
            && let Some(image) = self.images.get_mut(&place)
        {
            image.tags.push(tag.to_owned());
            self.by_tag.insert(tag.to_owned(), place);
        }
    }

    /// Takes a tag from whichever image has it.
    pub(crate) fn untag(&mut self, tag: &str) {
        if let Some(place) = self.by_tag.remove(tag)
            && let Some(image) = self.images.get_mut(&place)
        {
            image.tags.retain(|other| other != tag);
        }
    }

    /// Deletes an image and its tags, whatever refers to it. False if it was not there.
    pub(crate) fn delete(&mut self, digest: Digest, consistency: Consistency) -> bool {
        let Some(place) = self.by_digest.remove(&digest) else {
            return false;
        };
        let mark = self.mark();
        if let Some(image) = self.images.get_mut(&place) {
            for tag in &image.tags {
                self.by_tag.remove(tag);
            }
            image.deleted = Some(mark);
            self.deleted.push(place);
        }
        self.forget(consistency);
        true
    }

    /// Drops the deleted images that nobody sees any more.
    pub(crate) fn forget(&mut self, consistency: Consistency) {
        let call = self.call();
        let deleted = std::mem::take(&mut self.deleted);
        for place in deleted {
            let seen = self.images.get(&place).and_then(|image| image.deleted);
            let late = seen.is_some_and(|deleted| {
                consistency.lists.hides(deleted, call)
                    || consistency.manifest_lists.hides(deleted, call)
            });
            if late {
                self.deleted.push(place);
                continue;
            }
            let Some(image) = self.images.remove(&place) else {
                continue;
            };
            for child in &image.facts.children {
                if let Some(places) = self.parents.get_mut(child) {
                    places.remove(&place);
                    if places.is_empty() {
                        self.parents.remove(child);
                    }
                }
            }
            if let Some(subject) = image.facts.subject
                && let Some(places) = self.referrers.get_mut(&subject)
            {
                places.retain(|other| *other != place);
                if places.is_empty() {
                    self.referrers.remove(&subject);
                }
            }
        }
    }

    /// Whether a tag, once given, may not move.
    pub(crate) fn is_fixed(&self, tag: &str) -> bool {
        let excluded = self.settings.exclusions.iter();
        let excluded = excluded.into_iter().any(|pattern| matches(pattern, tag));
        self.settings.immutable != excluded
    }
}

/// Whether a text is of a pattern, in which `*` stands for any characters.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(text) = text.strip_prefix(start) else {
        return false;
    };
    let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    ends.into_iter().any(|at| matches(rest, &text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::late::Delay;

    fn index(children: &[Digest]) -> NewImage {
        let entries: Vec<Value> = children
            .iter()
            .map(|child| serde_json::json!({ "digest": child }))
            .collect();
        NewImage::new(serde_json::json!({ "manifests": entries }).to_string(), 0.0)
    }

    #[test]
    fn a_moved_tag_leaves_the_old_image() {
        let mut repository = RepositoryState::default();
        let old = repository.put(&NewImage::new("old", 1.0).tag("latest"));
        let new = repository.put(&NewImage::new("new", 2.0).tag("latest"));
        assert!(repository.image(old).unwrap().tags.is_empty());
        assert_eq!(repository.tagged("latest").unwrap().digest, new);
        repository.put(&NewImage::new("old", 9.0).tag("again"));
        assert!(repository.image(old).unwrap().pushed < 2.0);
        assert_eq!(repository.images().count(), 2);
    }

    #[test]
    fn deleted_indexes_hold_their_children_as_late_as_said() {
        let late = Consistency {
            manifest_lists: Delay::Calls(1),
            lists: Delay::Calls(0),
            ..Consistency::default()
        };
        let mut repository = RepositoryState::default();
        let child = repository.put(&NewImage::new("child", 1.0));
        let parent = repository.put(&index(&[child, child]));
        assert_eq!(repository.lists_of(child, late), [parent]);
        repository.call = AtomicU64::new(7);
        assert!(repository.delete(parent, late));
        assert!(!repository.delete(parent, late));
        assert_eq!(repository.listed(0, late).count(), 2);
        repository.called();
        assert_eq!(repository.lists_of(child, late), [parent]);
        assert_eq!(repository.listed(0, late).count(), 1);
        repository.called();
        assert!(repository.lists_of(child, late).is_empty());
        repository.forget(late);
        assert!(repository.parents.is_empty());
        assert_eq!(repository.images.len(), 1);
    }

    #[test]
    fn patterns_take_any_characters_for_a_star() {
        for (pattern, text, expected) in [
            ("cache*", "cache-main", true),
            ("cache*", "my-cache", false),
            ("*-cache-*", "a-cache-b-cache-c", true),
            ("*", "", true),
            ("a*b", "ab", true),
            ("a*b", "abc", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
