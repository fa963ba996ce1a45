//! The rules once more, as sets of pairs that grow until nothing changes. Slow, and written apart from the real
//! ones: only what a manifest is (`kind`) is taken from the plan.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::generate::Case;
use crate::image::{Digest, media_type};
use crate::prune::testing::now;
use crate::prune::{AgeFrom, ChildRole, Content, Kind, Links, Manifest, RepositoryPlan, Status};

type Pairs = BTreeSet<(Digest, Digest)>;

/// What the model says of a case.
pub(super) struct Model<'a> {
    case: &'a Case,
    all: BTreeMap<Digest, &'a Manifest>,
    kind: BTreeMap<Digest, Kind>,
    /// Index and entry, both there and not the same.
    pub(super) lists: Pairs,
    /// While the first is kept, so is the second.
    pub(super) needs: Pairs,
    /// [`Self::needs`] that only an index tells of two others: index, whole, part.
    pub(super) told: BTreeSet<(Digest, Digest, Digest)>,
    /// Index and whatever can be reached from it by `lists`.
    below: BTreeMap<Digest, BTreeSet<Digest>>,
    /// What makes one release newer than another.
    releases: BTreeMap<Digest, (Timestamp, usize, Digest)>,
    /// What an index lists.
    listed: BTreeSet<Digest>,
    /// What an image other than itself names as its SOCI index.
    named: BTreeSet<Digest>,
    /// What is a part of anything.
    parts: BTreeSet<Digest>,
}

fn read(one: &Manifest) -> Option<&Links> {
    match &one.content {
        Content::Read(links) => Some(links),
        _ => None,
    }
}

fn is_plain(one: &Manifest) -> bool {
    let media = [media_type::OCI_MANIFEST, media_type::DOCKER_MANIFEST];
    let configs = [media_type::OCI_CONFIG, media_type::DOCKER_CONFIG];
    media.contains(&&*one.media_type)
        && one
            .artifact_type
            .as_deref()
            .is_some_and(|kind| configs.contains(&kind))
}

fn tag_subject(tag: &str) -> Option<Digest> {
    let hex = tag.strip_prefix("sha256-")?.get(..64)?;
    format!("sha256:{hex}").parse().ok()
}

fn is_staging(tag: &str) -> bool {
    tag.ends_with(".partial-arm64")
}

fn is_ordinary(one: &Manifest, tag: &str) -> bool {
    !is_staging(tag) && tag_subject(tag).is_none_or(|subject| subject == one.digest)
}

fn is_named(one: &Manifest) -> bool {
    one.tags.iter().any(|tag| is_ordinary(one, tag))
}

fn is_untagged(one: &Manifest) -> bool {
    one.tags.iter().all(|tag| is_staging(tag))
}

impl<'a> Model<'a> {
    pub(super) fn new(case: &'a Case, plan: &RepositoryPlan) -> Self {
        let all: BTreeMap<_, _> = case
            .repository
            .manifests
            .iter()
            .map(|one| (one.digest, one))
            .collect();
        let kind = plan
            .images
            .iter()
            .map(|one| (one.digest, one.kind))
            .collect();
        let mut model = Self {
            case,
            all,
            kind,
            lists: Pairs::new(),
            needs: Pairs::new(),
            told: BTreeSet::new(),
            below: BTreeMap::new(),
            releases: BTreeMap::new(),
            listed: BTreeSet::new(),
            named: BTreeSet::new(),
            parts: BTreeSet::new(),
        };
        model.relate();
        model.below = model.reach();
        let mut heights = BTreeMap::new();
        for digest in model.find_releases() {
            let key = (
                model.released(digest),
                model.height(digest, &mut heights),
                digest,
            );
            model.releases.insert(digest, key);
        }
        model
    }

    fn relate(&mut self) {
        let mut tags: BTreeMap<&str, Vec<Digest>> = BTreeMap::new();
        for one in self.all.values() {
            for tag in &one.tags {
                tags.entry(tag).or_default().push(one.digest);
            }
        }
        let mut needs: Vec<(Digest, Digest)> = Vec::new();
        for one in self.all.values() {
            for subject in Self::subjects(one) {
                needs.push((subject, one.digest));
            }
            if is_untagged(one) {
                for tag in &one.tags {
                    let base = tag.trim_end_matches(".partial-arm64");
                    for &holder in tags.get(base).into_iter().flatten() {
                        needs.push((holder, one.digest));
                    }
                }
            }
            let Some(links) = read(one) else { continue };
            needs.extend(links.soci_index.map(|soci| (one.digest, soci)));
            for child in &links.children {
                needs.push((one.digest, child.digest));
                if child.digest != one.digest && self.all.contains_key(&child.digest) {
                    self.lists.insert((one.digest, child.digest));
                }
                if let (Some(of), ChildRole::Attestation | ChildRole::Soci) = (child.of, child.role)
                {
                    needs.push((of, child.digest));
                    self.told.insert((one.digest, of, child.digest));
                }
            }
        }
        let here = |digest: &Digest| self.all.contains_key(digest);
        self.listed = self.lists.iter().map(|(_, entry)| *entry).collect();
        for one in self.all.values() {
            let soci = read(one).and_then(|links| links.soci_index);
            self.named.extend(soci.filter(|soci| *soci != one.digest));
        }
        self.needs = needs
            .into_iter()
            .filter(|(one, two)| one != two && here(one) && here(two))
            .collect();
        self.parts = self.needs.iter().map(|(_, part)| *part).collect();
    }

    fn reach(&self) -> BTreeMap<Digest, BTreeSet<Digest>> {
        let mut direct: BTreeMap<Digest, Vec<Digest>> = BTreeMap::new();
        for &(index, entry) in &self.lists {
            direct.entry(index).or_default().push(entry);
        }
        let mut below = BTreeMap::new();
        for &start in self.all.keys() {
            let mut found = BTreeSet::new();
            let mut open = vec![start];
            while let Some(at) = open.pop() {
                for &next in direct.get(&at).into_iter().flatten() {
                    if found.insert(next) {
                        open.push(next);
                    }
                }
            }
            below.insert(start, found);
        }
        below
    }

    /// What it is about, there or not.
    fn subjects(one: &Manifest) -> BTreeSet<Digest> {
        let told = one
            .subject
            .into_iter()
            .chain(read(one).and_then(|links| links.subject));
        let tags = one.tags.iter().filter_map(|tag| tag_subject(tag));
        told.chain(tags)
            .filter(|subject| *subject != one.digest)
            .collect()
    }

    fn is_referrer(one: &Manifest) -> bool {
        let told = one
            .subject
            .into_iter()
            .chain(read(one).and_then(|links| links.subject));
        let is_told = told.into_iter().any(|subject| subject != one.digest);
        is_told || (!is_named(one) && !Self::subjects(one).is_empty())
    }

    fn find_releases(&self) -> BTreeSet<Digest> {
        let recorded = |digest: &Digest| self.case.uses.releases.contains_key(digest);
        let candidates: BTreeSet<Digest> = self
            .all
            .values()
            .filter(|one| match self.kind[&one.digest] {
                Kind::Image | Kind::Index => true,
                // What an index says of it takes nothing from what it is.
                Kind::Attestation | Kind::Referrer => is_plain(one),
                _ => false,
            })
            .filter(|one| !Self::is_referrer(one) && (is_named(one) || recorded(&one.digest)))
            .map(|one| one.digest)
            .collect();
        let is_part = |digest: &Digest| {
            candidates.iter().any(|other| {
                self.below[other].contains(digest) && !self.below[digest].contains(other)
            })
        };
        let mut releases = candidates.clone();
        releases.retain(|digest| recorded(digest) || !is_part(digest));
        releases
    }

    fn with_below(&self, digest: Digest) -> impl Iterator<Item = &'a Manifest> {
        let below = self.below[&digest].iter().copied();
        let both: BTreeSet<Digest> = below.chain([digest]).collect();
        both.into_iter()
            .map(|one| self.all[&one])
            .collect::<Vec<_>>()
            .into_iter()
    }

    fn released(&self, digest: Digest) -> Timestamp {
        let times = self.with_below(digest).flat_map(|one| {
            let recorded = self.case.uses.releases.get(&one.digest).copied();
            [Some(one.pushed_at.unwrap_or(Timestamp::MAX)), recorded]
        });
        times.flatten().max().unwrap()
    }

    fn pulled(&self, digest: Digest) -> Option<Timestamp> {
        self.with_below(digest)
            .filter_map(|one| one.pulled_at)
            .max()
    }

    fn height(&self, digest: Digest, known: &mut BTreeMap<Digest, usize>) -> usize {
        if let Some(height) = known.get(&digest) {
            return *height;
        }
        let mut height = 0;
        for &other in &self.below[&digest] {
            if !self.below[&other].contains(&digest) {
                height = height.max(1 + self.height(other, known));
            }
        }
        known.insert(digest, height);
        height
    }

    /// What goes.
    pub(super) fn removed(&self) -> BTreeSet<Digest> {
        let mut kept = self.roots();
        self.grow(&mut kept);
        let stored = |digest: &Digest| self.is_stored(digest);
        let all = self.all.keys().copied();
        all.filter(|one| !kept.contains(one) && !stored(one))
            .collect()
    }

    fn is_stored(&self, digest: &Digest) -> bool {
        self.case.policy.archive && self.all[digest].status == Status::Archived
    }

    /// Adds everything that is needed by what is kept.
    pub(super) fn grow(&self, kept: &mut BTreeSet<Digest>) {
        let mut new = kept.clone();
        while !new.is_empty() {
            let mut more: BTreeSet<Digest> = BTreeSet::new();
            for (whole, part) in &self.needs {
                if new.contains(whole) && !kept.contains(part) {
                    more.insert(*part);
                }
            }
            let blind = new.iter().map(|digest| self.all[digest]);
            let blind: Vec<&Manifest> = blind.filter(|one| read(one).is_none()).collect();
            for part in self.all.values().filter(|one| !kept.contains(&one.digest)) {
                if blind.iter().any(|whole| self.may_need(whole, part)) {
                    more.insert(part.digest);
                }
            }
            kept.extend(&more);
            new = more;
        }
    }

    /// Whether one that was not read may have the other as a part.
    pub(super) fn may_need(&self, whole: &Manifest, part: &Manifest) -> bool {
        if read(whole).is_some() {
            return false;
        }
        let is_listed = self.listed.contains(&part.digest);
        if !is_untagged(part) {
            // ECR does not delete what an index lists, and it does archive it.
            return self.case.policy.archive
                && Self::is_unreadable(whole)
                && (part.pushed_at.is_none()
                    || whole.pushed_at.is_none()
                    || part.pushed_at <= whole.pushed_at);
        }
        if Self::is_unreadable(whole) {
            let was_there = match (part.pushed_at, whole.pushed_at) {
                (Some(part), Some(whole)) => part <= whole,
                _ => true,
            };
            if !is_listed || was_there {
                return true;
            }
        }
        let is_named = self.named.contains(&part.digest);
        is_plain(whole) && self.kind[&part.digest] == Kind::SociV2 && !is_listed && !is_named
    }

    fn is_unreadable(one: &Manifest) -> bool {
        match &one.content {
            Content::Unreadable(_) => true,
            Content::Read(_) => false,
            Content::NotRead => {
                let kind = one.artifact_type.as_deref().unwrap_or_default();
                let needs_none = kind.contains("soci.index.v2") || kind.contains("cacheconfig");
                let is_manifest = &*one.media_type == media_type::OCI_MANIFEST;
                let is_alone = needs_none && is_manifest;
                !is_plain(one) && !is_alone
            }
        }
    }

    fn younger(time: Option<Timestamp>, limit: Duration) -> bool {
        let limit = i64::try_from(limit.as_secs()).unwrap();
        time.is_none_or(|time| now().as_second() - time.as_second() < limit)
    }

    /// What is kept for its own sake.
    pub(super) fn roots(&self) -> BTreeSet<Digest> {
        let all = self.all.values();
        all.filter(|one| self.is_root(one))
            .map(|one| one.digest)
            .collect()
    }

    fn is_root(&self, one: &Manifest) -> bool {
        let policy = &self.case.policy;
        let is_used = self.case.uses.uses.iter().any(|user| {
            user.digest == Some(one.digest)
                || user.tag.as_ref().is_some_and(|tag| one.tags.contains(tag))
        });
        let has_kept_tag = one.tags.iter().any(|tag| {
            let is_name = is_staging(tag) || is_ordinary(one, tag);
            let mut patterns = policy.keep_tags.iter();
            patterns.any(|one| (is_name || one.as_str().contains("sha256")) && one.covers(tag))
        });
        let is_odd = !matches!(one.status, Status::Active | Status::Archived);
        let is_blind = Self::is_unreadable(one) && !self.is_stored(&one.digest);
        let is_young = Self::younger(one.pushed_at, policy.untagged);
        is_used || has_kept_tag || is_odd || is_blind || is_young || self.has_a_rule(one)
    }

    /// Whether the rules for what it is keep it.
    fn has_a_rule(&self, one: &Manifest) -> bool {
        let policy = &self.case.policy;
        let kind = self.kind[&one.digest];
        let is_part = self.parts.contains(&one.digest);
        if self.releases.contains_key(&one.digest) {
            return self.release_stays(one);
        }
        if kind == Kind::Unknown {
            return true;
        }
        if Self::is_referrer(one) {
            return !is_part && self.orphan_stays(one);
        }
        if kind == Kind::Cache
            && one
                .tags
                .iter()
                .any(|tag| is_staging(tag) || is_ordinary(one, tag))
        {
            return self.cache_stays(one);
        }
        if is_part {
            return false;
        }
        let last = self.pulled(one.digest).max(one.pushed_at);
        is_named(one) || Self::younger(last, policy.untagged)
    }

    fn orphan_stays(&self, one: &Manifest) -> bool {
        let policy = &self.case.policy;
        let pulled = self.pulled(one.digest);
        let about = Self::subjects(one);
        if about
            .iter()
            .any(|subject| self.case.uses.everywhere.contains_key(subject))
            || Self::younger(pulled.max(one.pushed_at), policy.untagged)
        {
            return true;
        }
        if is_untagged(one) {
            return false;
        }
        let from = match policy.expire_from {
            AgeFrom::Push => one.pushed_at,
            AgeFrom::Pull => one.pushed_at.max(pulled),
        };
        let newer = self.releases.iter().filter(|(digest, (time, _, _))| {
            self.all[*digest].status == Status::Active && Some(*time) > one.pushed_at
        });
        let newer = newer.count();
        match (policy.keep_releases, policy.expire) {
            (None, None) => true,
            (limit, expire) => {
                limit.is_some_and(|limit| newer < limit as usize)
                    || expire.is_some_and(|expire| Self::younger(from, expire))
            }
        }
    }

    fn release_stays(&self, one: &Manifest) -> bool {
        let policy = &self.case.policy;
        if policy.keep_releases.is_none() && policy.expire.is_none() {
            return true;
        }
        if let Some(expire) = policy.expire {
            let mut from = self.released(one.digest);
            if policy.expire_from == AgeFrom::Pull {
                from = from.max(self.pulled(one.digest).unwrap_or(from));
            }
            if Self::younger(Some(from), expire) {
                return true;
            }
        }
        let Some(limit) = policy.keep_releases else {
            return false;
        };
        let own = self.releases[&one.digest];
        let newer = self
            .releases
            .iter()
            .filter(|(digest, key)| self.all[*digest].status == Status::Active && **key > own);
        newer.count() < limit as usize
    }

    /// The tags are those that the generator makes.
    fn cache_stays(&self, one: &Manifest) -> bool {
        let cache = &self.case.policy.cache;
        let last = one.pulled_at.max(one.pushed_at);
        let is_young = cache.expire.is_some_and(|limit| Self::younger(last, limit));
        let lives = ["-main", "-feature-x", "-arm64"];
        let is_live = |tag: &String| lives.iter().any(|ending| tag.ends_with(ending));
        let has_branch = cache.branches.is_some() && one.tags.iter().any(is_live);
        has_branch || is_young || cache.expire.is_none()
    }
}
