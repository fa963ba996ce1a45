use super::*;
use crate::image::media_type::OCI_CONFIG;
use crate::prune::testing::{artifact, digest, entry, image, index, referrer, repository};

/// The edges as numbers of digests.
fn edges(manifests: &[Manifest], numbers: &[u64]) -> Vec<(u64, u64, Link)> {
    let repository = repository(manifests.to_vec());
    let graph = Graph::new(&repository);
    let number = |at: usize| {
        let found = numbers
            .iter()
            .find(|&&one| digest(one) == graph.nodes[at].digest());
        *found.unwrap()
    };
    let mut edges: Vec<_> = (0..graph.nodes.len())
        .flat_map(|at| graph.nodes[at].parts.iter().map(move |edge| (at, edge)))
        .map(|(at, edge)| (number(at), number(edge.node), edge.link))
        .collect();
    edges.sort_unstable();
    edges
}

fn kind_of(manifests: &[Manifest], one: u64) -> Kind {
    let repository = repository(manifests.to_vec());
    let graph = Graph::new(&repository);
    graph.nodes[graph.find(digest(one)).unwrap()].kind
}

fn with_children(mut one: Manifest, children: Vec<crate::prune::Child>) -> Manifest {
    one.content = Content::Read(crate::prune::Links {
        children,
        ..crate::prune::Links::default()
    });
    one
}

#[test]
fn an_index_holds_its_entries_and_an_image_what_is_about_it() {
    let children = vec![
        entry(1, ChildRole::Image, None),
        entry(2, ChildRole::Attestation, Some(1)),
        entry(3, ChildRole::Soci, Some(1)),
        entry(99, ChildRole::Image, None),
    ];
    let all = [
        image(1, &[]),
        image(2, &[]),
        artifact(3, SOCI_V2, &[]),
        with_children(index(5, &["v1"], &[]), children),
    ];
    assert_eq!(
        edges(&all, &[1, 2, 3, 5]),
        [
            (1, 2, Link::AttestationOf),
            (1, 3, Link::SociOf),
            (5, 1, Link::Child),
            (5, 2, Link::Child),
            (5, 3, Link::Child),
        ]
    );
    assert_eq!(kind_of(&all, 2), Kind::Attestation);
    let repository = repository(all.to_vec());
    let graph = Graph::new(&repository);
    assert_eq!(graph.nodes[graph.find(digest(5)).unwrap()].missing, 1);
}

#[test]
fn subjects_lead_to_referrers_by_field_and_by_tag() {
    let tag = |suffix: &str| format!("sha256-{}{suffix}", digest(1).hex());
    let all = [
        image(1, &["v1"]),
        image(2, &[&tag(".sig")]),
        referrer(3, kind::SOCI_V1, 1),
        index(4, &[&tag("")], &[3, 6]),
        referrer(5, "application/spdx+json", 3),
        artifact(6, OCI_CONFIG, &[]),
    ];
    assert_eq!(
        edges(&all, &[1, 2, 3, 4, 5, 6]),
        [
            (1, 2, Link::SubjectTag),
            (1, 3, Link::Subject),
            (1, 4, Link::SubjectTag),
            (3, 5, Link::Subject),
            (4, 3, Link::Child),
            (4, 6, Link::Child),
        ]
    );
    assert_eq!(kind_of(&all, 2), Kind::Signature);
    assert_eq!(kind_of(&all, 4), Kind::ReferrersIndex);
    assert_eq!(
        kind_of(&all, 6),
        Kind::Referrer,
        "an index of referrers lists it"
    );
}

#[test]
fn a_staging_tag_leads_from_the_tag_that_it_names() {
    let all = [
        index(1, &["v1"], &[]),
        image(2, &["v1.partial-arm64"]),
        image(3, &["v2.partial-arm64"]),
        image(4, &["v1.partial-amd64", "other"]),
    ];
    assert_eq!(edges(&all, &[1, 2, 3, 4]), [(1, 2, Link::Staging)]);
}

#[test]
fn nothing_is_a_part_of_itself() {
    let mut odd = index(1, &[&format!("sha256-{}", digest(1).hex())], &[1]);
    odd.subject = Some(digest(1));
    assert_eq!(edges(&[odd.clone()], &[1]), []);
    let repository = repository(vec![odd]);
    assert!(!Graph::new(&repository).nodes[0].is_referrer);
}
