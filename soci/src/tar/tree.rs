//! Whether the members of a layer make a tree that a snapshotter can build.
//!
//! The snapshotter puts the members into its store one after the other, by their cleaned paths,
//! without looking at other layers and without following symbolic links. Some archives it refuses
//! then; of others it silently loses files. Unpacking them in the usual way gives what was meant,
//! so such layers are left out.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::readable::XATTR;
use super::{Member, MemberKind, PaxRecord};

/// A member's cleaned path and its index.
type Place<'a> = (Cow<'a, [u8]>, usize);

/// Looks at all members. The error is the index of one, and what is wrong with it as a predicate.
pub(crate) fn check(members: &[Member]) -> Result<(), (usize, String)> {
    let mut places: Vec<Place<'_>> = members
        .iter()
        .enumerate()
        .map(|(index, member)| (clean(&member.name), index))
        .collect();
    // Stable: members of one path stay in the order of the archive.
    places.sort_by(|(a, _), (b, _)| order(a, b));
    let mut file: Option<&[u8]> = None;
    for same in places.chunk_by(|(a, _), (b, _)| a == b) {
        check_children(file, same)?;
        let is_directory = check_repeats(same, members)?;
        file = (!is_directory).then_some(&*same[0].0);
    }
    for (index, member) in members.iter().enumerate() {
        if member.kind == MemberKind::HardLink {
            check_link(index, &clean(&member.linkname), &places, members)
                .map_err(|problem| (index, problem))?;
        }
    }
    Ok(())
}

/// `before` is the path of a file that comes right before these members in the order of paths.
fn check_children(before: Option<&[u8]>, same: &[Place<'_>]) -> Result<(), (usize, String)> {
    let (path, index) = &same[0];
    let inside = before
        .and_then(|file| path.strip_prefix(file))
        .is_some_and(|rest| rest.starts_with(b"/"));
    if inside {
        return Err((
            *index,
            "lies below something that is no directory in this layer".to_owned(),
        ));
    }
    Ok(())
}

/// Whether the members of one path are directories. They must agree on that: a file that becomes a
/// directory takes its hard links with it. And a directory that comes again keeps what the first
/// one had and the second one has not.
fn check_repeats(same: &[Place<'_>], members: &[Member]) -> Result<bool, (usize, String)> {
    let is_directory = |index: usize| members[index].kind == MemberKind::Directory;
    for pair in same.windows(2) {
        let (earlier, later) = (pair[0].1, pair[1].1);
        if is_directory(earlier) != is_directory(later) {
            return Err((
                later,
                "is a directory in one place of the archive and something else in another"
                    .to_owned(),
            ));
        }
        let (earlier, member) = (&members[earlier], &members[later]);
        let kept = (earlier.uid != 0 && member.uid == 0)
            || (earlier.gid != 0 && member.gid == 0)
            || !xattrs(earlier).eq(xattrs(member));
        if is_directory(later) && kept {
            return Err((
                later,
                "is a directory that comes twice, with other owners or extended attributes"
                    .to_owned(),
            ));
        }
    }
    Ok(is_directory(same[0].1))
}

fn xattrs(member: &Member) -> impl Iterator<Item = &PaxRecord> {
    member.pax.iter().filter(|(key, _)| key.starts_with(XATTR))
}

fn check_link(
    link: usize,
    target: &[u8],
    places: &[Place<'_>],
    members: &[Member],
) -> Result<(), String> {
    let first = places.partition_point(|(path, _)| order(path, target) == Ordering::Less);
    match places.get(first) {
        Some((path, index)) if **path == *target && *index < link => {
            if members[*index].kind == MemberKind::Directory {
                return Err("is a hard link to a directory".to_owned());
            }
            Ok(())
        }
        _ => Err("is a hard link to a file that is not in this layer before it".to_owned()),
    }
}

/// The order of paths in which all that lies below a path comes right after it.
fn order(a: &[u8], b: &[u8]) -> Ordering {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let rank = |path: &[u8]| {
        let byte = path.get(same).copied();
        byte.map(|byte| if byte == b'/' { 0 } else { byte })
    };
    rank(a).cmp(&rank(b))
}

/// A path as snapshotters see it: below the root, without `.`, `..`, empty components, and slashes
/// at its ends. The root itself is empty.
pub(super) fn clean(name: &[u8]) -> Cow<'_, [u8]> {
    let mut rest = name;
    while let Some(shorter) = rest.strip_prefix(b"/").or_else(|| rest.strip_prefix(b"./")) {
        rest = shorter;
    }
    while let Some(shorter) = rest.strip_suffix(b"/") {
        rest = shorter;
    }
    let components = || rest.split(|byte| *byte == b'/');
    if components().all(|name| !matches!(name, b"" | b"." | b"..")) {
        return Cow::Borrowed(rest);
    }
    let mut kept = Vec::new();
    for component in components() {
        match component {
            b"" | b"." => {}
            b".." => {
                kept.pop();
            }
            name => kept.push(name),
        }
    }
    Cow::Owned(kept.join(&b'/'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    #[test]
    fn cleaned_paths() {
        for (name, path) in [
            ("a", "a"),
            ("./a/", "a"),
            ("/a//b/./c/", "a/b/c"),
            (".//./a", "a"),
            ("a/..", ""),
            ("../../a", "a"),
            ("a/b/../../../c/..", ""),
            ("./", ""),
            (".", ""),
            ("..", ""),
            ("/", ""),
            ("", ""),
            ("...", "..."),
            (".a", ".a"),
            ("a/.", "a"),
            (".../.b/..c", ".../.b/..c"),
        ] {
            let cleaned = clean(name.as_bytes());
            assert_eq!(cleaned, path.as_bytes(), "{name}");
        }
    }

    fn member(name: &str, kind: MemberKind, linkname: &str, uid: u32) -> Member {
        Member {
            name: name.as_bytes().into(),
            kind,
            offset: 0,
            size: 0,
            linkname: linkname.as_bytes().into(),
            mode: 0,
            uid,
            gid: 0,
            uname: Box::default(),
            gname: Box::default(),
            mod_time: "".into(),
            devmajor: 0,
            devminor: 0,
            pax: Box::default(),
        }
    }

    /// The same rules, each member against each other.
    fn model(members: &[Member]) -> bool {
        let path = |member: &Member| String::from_utf8(clean(&member.name).into_owned()).unwrap();
        let is_directory = |member: &Member| member.kind == MemberKind::Directory;
        let all = || members.iter().enumerate();
        let below = all().all(|(_, file)| {
            is_directory(file)
                || all().all(|(_, other)| !path(other).starts_with(&format!("{}/", path(file))))
        });
        let repeats = all().all(|(index, later)| {
            let mut same = members[..index]
                .iter()
                .filter(|other| path(other) == path(later));
            same.all(|earlier| {
                is_directory(earlier) == is_directory(later)
                    && (!is_directory(later) || earlier.uid == 0 || later.uid != 0)
            })
        });
        let links = all().all(|(index, link)| {
            let target = clean(&link.linkname);
            link.kind != MemberKind::HardLink
                || members[..index]
                    .iter()
                    .any(|other| clean(&other.name) == target && !is_directory(other))
        });
        below && repeats && links
    }

    proptest! {
        #[test]
        fn finds_what_a_slow_search_finds(members in prop::collection::vec(
            (
                "(\\./|/)?[ab](/[ab]){0,2}[-/0]?",
                select(vec![
                    MemberKind::Regular,
                    MemberKind::Directory,
                    MemberKind::Directory,
                    MemberKind::HardLink,
                ]),
                "[ab](/[ab])?",
                0..2_u32,
            ),
            0..6,
        )) {
            let members: Vec<Member> = members
                .iter()
                .map(|(name, kind, linkname, uid)| member(name, *kind, linkname, *uid))
                .collect();
            prop_assert_eq!(check(&members).is_ok(), model(&members));
        }

        #[test]
        fn what_lies_below_comes_right_after(
            paths in prop::collection::btree_set("[a/0-]{1,4}", 1..20),
        ) {
            let mut paths: Vec<String> = paths.into_iter().collect();
            paths.sort_by(|a, b| order(a.as_bytes(), b.as_bytes()));
            for (index, path) in paths.iter().enumerate() {
                let inside = |other: &&String| other.starts_with(&format!("{path}/"));
                let after: BTreeSet<_> = paths[index + 1..].iter().take_while(inside).collect();
                let all: BTreeSet<_> = paths.iter().filter(inside).collect();
                prop_assert_eq!(after, all);
            }
        }
    }
}
