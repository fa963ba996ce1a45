//! What one member must be like for a zTOC to describe it and for a snapshotter to serve it.
//!
//! At the first read of a file the snapshotter parses the header again and compares it with the
//! zTOC; any difference is an I/O error inside the container. The official builder writes such
//! zTOCs all the same. What no file system could hold is refused here too. How members fit
//! together is for `tree`.

use super::header::Header;
use super::pax::Records;
use super::reader::refusal;
use super::tree::clean;
use super::{Member, MemberKind};
use crate::Unindexable;

/// Bytes of one component of a path, or of the name of an extended attribute, in Linux.
const MAX_NAME: usize = 255;
/// Bytes of a path in Linux.
const MAX_PATH: usize = 4096;
/// Bytes of the target of a symbolic link in Linux.
const MAX_TARGET: usize = 4095;
/// What makes the contents of a directory in the layers below invisible.
const OPAQUE: &[u8] = b".wh..wh..opq";
/// PAX records that are extended attributes begin so.
pub(super) const XATTR: &[u8] = b"SCHILY.xattr.";

/// The member of a header to which records and long names were applied. `offset` and `size` are
/// those of its data.
pub(super) fn member(
    header: Header,
    records: Records,
    offset: u64,
    size: u64,
) -> Result<Member, Unindexable> {
    let kind = match kind(&header, &records) {
        Ok(kind) => kind,
        Err(problem) => {
            let name = match records.sparse_name() {
                b"" => &header.name,
                name => name,
            };
            return Err(refusal(name, problem));
        }
    };
    let (Ok(uid), Ok(gid)) = (u32::try_from(header.uid), u32::try_from(header.gid)) else {
        return Err(refusal(
            &header.name,
            format!(
                "belongs to {}:{}, and zTOCs have 32 bits for each",
                header.uid, header.gid
            ),
        ));
    };
    let Some(mod_time) = header.mtime.rfc3339() else {
        return Err(refusal(
            &header.name,
            "has a modification time outside the years 0 to 9999",
        ));
    };
    let member = Member {
        name: header.name,
        kind,
        offset,
        size,
        linkname: header.linkname,
        mode: header.mode,
        uid,
        gid,
        uname: header.uname,
        gname: header.gname,
        mod_time: mod_time.into(),
        devmajor: header.devmajor,
        devminor: header.devminor,
        pax: records.into_boxed(),
    };
    match problem_of(&member) {
        Some(problem) => Err(refusal(&member.name, problem)),
        None => Ok(member),
    }
}

fn kind(header: &Header, records: &Records) -> Result<MemberKind, String> {
    if header.typeflag == b'S' || records.are_sparse() {
        return Err("is a sparse file, which zTOCs cannot describe".to_owned());
    }
    Ok(match header.typeflag {
        b'0' => MemberKind::Regular,
        b'1' => MemberKind::HardLink,
        b'2' => MemberKind::Symlink,
        b'3' => MemberKind::CharacterDevice,
        b'4' => MemberKind::BlockDevice,
        b'5' => MemberKind::Directory,
        b'6' => MemberKind::Fifo,
        other => {
            return Err(format!(
                "is of type `{}`, which zTOCs cannot describe",
                other.escape_ascii()
            ));
        }
    })
}

fn problem_of(member: &Member) -> Option<String> {
    path_problem(member)
        .or_else(|| xattr_problem(member))
        .or_else(|| type_problem(member))
}

fn path_problem(member: &Member) -> Option<String> {
    let path = clean(&member.name);
    if path.len() > MAX_PATH {
        return Some(format!(
            "has a path of {} bytes, and Linux takes {MAX_PATH}",
            path.len()
        ));
    }
    if path.is_empty() && member.kind != MemberKind::Directory {
        return Some("names the root directory, but is none".to_owned());
    }
    if let Some(long) = path
        .split(|byte| *byte == b'/')
        .find(|name| name.len() > MAX_NAME)
    {
        return Some(format!(
            "has a name of {} bytes, and Linux takes {MAX_NAME}",
            long.len()
        ));
    }
    if member.kind == MemberKind::Symlink && member.linkname.len() > MAX_TARGET {
        return Some(format!(
            "points to a target of {} bytes, and Linux takes {MAX_TARGET}",
            member.linkname.len()
        ));
    }
    name_problem(&path).map(str::to_owned)
}

/// Names that mean something to the snapshotter's file system, and not what they mean in a layer.
fn name_problem(path: &[u8]) -> Option<&'static str> {
    let mut names = path.split(|byte| *byte == b'/');
    let first = path.split(|byte| *byte == b'/').next();
    let last = names.next_back();
    let metadata = |name: &[u8]| name.starts_with(b".wh..wh.");
    if first == Some(b".soci-snapshotter") {
        Some("is hidden by a directory of the snapshotter's own with that name")
    } else if last == Some(b".wh.") {
        // A directory would list it as an entry without a name, which Linux refuses to read.
        Some("is a whiteout of nothing")
    } else if names.any(metadata) || last.is_some_and(|name| metadata(name) && name != OPAQUE) {
        Some("is metadata of AUFS, which snapshotters list as a file and do not find")
    } else {
        None
    }
}

/// The snapshotter's store needs a name for each extended attribute but the first one it happens to
/// see, and drops empty values likewise: the file can then not be read, or it can, by chance.
fn xattr_problem(member: &Member) -> Option<String> {
    let xattrs = || {
        let names = member.pax.iter();
        names.filter_map(|(key, value)| Some((key.strip_prefix(XATTR)?, value)))
    };
    if let Some((name, _)) = xattrs().find(|(name, _)| name.is_empty() || name.len() > MAX_NAME) {
        return Some(format!(
            "has an extended attribute with a name of {} bytes, and Linux takes 1 to {MAX_NAME}",
            name.len()
        ));
    }
    (xattrs().count() > 1 && xattrs().any(|(_, value)| value.is_empty())).then(|| {
        "has an empty extended attribute beside others, which snapshotters lose".to_owned()
    })
}

/// The mode may name the type of the file a second time. The snapshotter takes that into account on
/// one side of its comparison only.
fn type_problem(member: &Member) -> Option<String> {
    const TYPE: i64 = 0o37_777_770_000;
    const OTHERS: [i64; 6] = [
        0o040_000, 0o010_000, 0o120_000, 0o060_000, 0o020_000, 0o140_000,
    ];
    let contradicts = member.kind == MemberKind::Regular && OTHERS.contains(&(member.mode & TYPE));
    contradicts.then(|| {
        format!(
            "is a regular file whose mode, {:o}, says that it is something else",
            member.mode
        )
    })
}
