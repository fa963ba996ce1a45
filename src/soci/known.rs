//! What is already known about layers, and joining what several sources say: the SOCI index of an
//! earlier image (`earlier`), the local store (`store`), this run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::image::Digest;
use crate::registry::Repository;

/// What is known about one layer, for one span size and builder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KnownLayer {
    /// There is a zTOC.
    Indexed {
        /// The zTOC blob.
        ztoc: Digest,
        /// Its size in bytes.
        size: u64,
        /// The layer's uncompressed content, for whoever wants to compare it with an image's
        /// configuration. Known to who indexed the layer, and so to the local store; a registry
        /// does not tell.
        diff_id: Option<Digest>,
        /// Repositories that hold the blob.
        repositories: Vec<Repository>,
        /// A file that holds it.
        file: Option<PathBuf>,
    },
    /// It cannot be indexed, and why.
    LeftOut {
        /// The end of a sentence that begins with the layer.
        reason: String,
    },
}

impl KnownLayer {
    /// Adds another source's word about the same layer.
    pub fn join(&mut self, other: Self) {
        match (&mut *self, other) {
            (
                Self::Indexed {
                    ztoc,
                    size,
                    diff_id,
                    repositories,
                    file,
                },
                Self::Indexed {
                    ztoc: other_ztoc,
                    size: other_size,
                    diff_id: other_diff_id,
                    repositories: more,
                    file: other_file,
                },
            ) => {
                // One builder makes one zTOC of a layer. Should there be two, both were checked
                // when they were made: the first will do.
                if (*ztoc, *size) != (other_ztoc, other_size) {
                    return;
                }
                for repository in more {
                    if !repositories.contains(&repository) {
                        repositories.push(repository);
                    }
                }
                *diff_id = diff_id.or(other_diff_id);
                if file.is_none() {
                    *file = other_file;
                }
            }
            // A zTOC that exists is worth more than an earlier opinion that there can be none.
            (Self::LeftOut { .. }, indexed @ Self::Indexed { .. }) => *self = indexed,
            (_, Self::LeftOut { .. }) => {}
        }
    }
}

/// Layers by digest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KnownLayers(BTreeMap<Digest, KnownLayer>);

impl KnownLayers {
    /// What is known about a layer.
    pub fn get(&self, layer: Digest) -> Option<&KnownLayer> {
        self.0.get(&layer)
    }

    /// Adds what was found out. Two sources of one zTOC are joined: the repositories of both, and
    /// the file of either. A zTOC replaces a reason to leave the layer out, never the other way.
    pub fn insert(&mut self, layer: Digest, known: KnownLayer) {
        match self.0.get_mut(&layer) {
            Some(there) => there.join(known),
            None => {
                self.0.insert(layer, known);
            }
        }
    }

    /// Adds all that another source knows.
    pub fn merge(&mut self, other: Self) {
        for (layer, known) in other.0 {
            self.insert(layer, known);
        }
    }

    /// All of it, by layer.
    pub fn iter(&self) -> impl Iterator<Item = (Digest, &KnownLayer)> {
        self.0.iter().map(|(layer, known)| (*layer, known))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indexed(ztoc: &str, repositories: &[&str], file: Option<&str>) -> KnownLayer {
        KnownLayer::Indexed {
            ztoc: Digest::of(ztoc),
            size: 7,
            diff_id: None,
            repositories: repositories.iter().map(|r| r.parse().unwrap()).collect(),
            file: file.map(PathBuf::from),
        }
    }

    fn left_out() -> KnownLayer {
        KnownLayer::LeftOut {
            reason: "it is a test".to_owned(),
        }
    }

    #[test]
    fn joins_sources_of_one_ztoc() {
        let layer = Digest::of("layer");
        let mut known = KnownLayers::default();
        known.insert(layer, indexed("z", &["r.test/a"], None));
        known.insert(layer, indexed("z", &["r.test/b", "r.test/a"], Some("/f")));
        known.insert(layer, indexed("z", &[], Some("/later")));
        let expected = indexed("z", &["r.test/a", "r.test/b"], Some("/f"));
        assert_eq!(known.get(layer), Some(&expected));
        assert_eq!(known.get(Digest::of("other")), None);
    }

    #[test]
    fn the_diff_id_of_either_source_is_kept() {
        let layer = Digest::of("layer");
        let from_store = |id: &str| {
            let mut known = indexed("z", &[], Some("/f"));
            if let KnownLayer::Indexed { diff_id, .. } = &mut known {
                *diff_id = Some(Digest::of(id));
            }
            known
        };
        let from_registry = indexed("z", &["r.test/a"], None);
        for order in [
            [from_store("id"), from_registry.clone()],
            [from_registry, from_store("id")],
        ] {
            let mut all = KnownLayers::default();
            for known in order {
                all.insert(layer, known);
            }
            // What is known first stays.
            all.insert(layer, from_store("another"));
            let Some(KnownLayer::Indexed { diff_id, .. }) = all.get(layer) else {
                panic!("{all:?}");
            };
            assert_eq!(*diff_id, Some(Digest::of("id")));
        }
    }

    #[test]
    fn never_mixes_two_ztocs() {
        let layer = Digest::of("layer");
        let mut known = KnownLayers::default();
        known.insert(layer, indexed("z", &["r.test/a"], None));
        known.insert(layer, indexed("another", &["r.test/b"], Some("/f")));
        assert_eq!(known.get(layer), Some(&indexed("z", &["r.test/a"], None)));
    }

    #[test]
    fn a_ztoc_is_worth_more_than_a_reason_to_have_none() {
        let layer = Digest::of("layer");
        for order in [
            [left_out(), indexed("z", &[], None)],
            [indexed("z", &[], None), left_out()],
        ] {
            let mut all = KnownLayers::default();
            for known in order {
                let mut source = KnownLayers::default();
                source.insert(layer, known);
                all.merge(source);
            }
            assert_eq!(all.get(layer), Some(&indexed("z", &[], None)));
            assert_eq!(all.iter().count(), 1);
        }
    }
}
