//! What a zTOC says about a member against what its headers say.

use std::fmt::Display;

use crate::tar::Member;
use crate::ztoc::shown;
use crate::ztoc::timestamp::Timestamp;

/// The first attribute that differs, as the end of a sentence that begins with the member. Where the
/// data begins is not compared; modification times are compared as instants.
pub(super) fn difference(claimed: &Member, found: &Member) -> Option<String> {
    let text = |what: &str, claimed: &[u8], found: &[u8]| {
        let quoted = |bytes| format!("`{}`", shown(bytes));
        (claimed != found).then(|| sentence(what, quoted(claimed), quoted(found)))
    };
    text("name", &claimed.name, &found.name)
        .or_else(|| {
            let (claimed, found) = (claimed.kind.as_str(), found.kind.as_str());
            text("type", claimed.as_bytes(), found.as_bytes())
        })
        .or_else(|| value("size", claimed.size, found.size))
        .or_else(|| text("link target", &claimed.linkname, &found.linkname))
        .or_else(|| {
            let octal = |mode| format!("{mode:#o}");
            value("mode", octal(claimed.mode), octal(found.mode))
        })
        .or_else(|| value("owner", claimed.uid, found.uid))
        .or_else(|| value("group", claimed.gid, found.gid))
        .or_else(|| text("owner's name", &claimed.uname, &found.uname))
        .or_else(|| text("group's name", &claimed.gname, &found.gname))
        .or_else(|| {
            let instant = |member: &Member| Timestamp::parse(member.mod_time.as_bytes());
            (instant(claimed) != instant(found)).then(|| {
                let (claimed, found) = (&claimed.mod_time, &found.mod_time);
                sentence("modification time", claimed, found)
            })
        })
        .or_else(|| value("major device number", claimed.devmajor, found.devmajor))
        .or_else(|| value("minor device number", claimed.devminor, found.devminor))
        .or_else(|| records(claimed, found))
}

/// PAX records, among them the extended attributes. Their order has no meaning.
fn records(claimed: &Member, found: &Member) -> Option<String> {
    let sorted = |member: &Member| {
        let mut records = member.pax.to_vec();
        records.sort();
        records
    };
    let (claimed, found) = (sorted(claimed), sorted(found));
    if claimed == found {
        return None;
    }
    let odd = claimed
        .iter()
        .find(|record| !found.contains(record))
        .or_else(|| found.iter().find(|record| !claimed.contains(record)))
        .map_or(&[][..], |(key, _)| key);
    Some(format!(
        "has another PAX record `{}` in the zTOC than in the layer",
        shown(odd)
    ))
}

fn value<T: PartialEq + Display>(what: &str, claimed: T, found: T) -> Option<String> {
    (claimed != found).then(|| sentence(what, claimed, found))
}

fn sentence(what: &str, claimed: impl Display, found: impl Display) -> String {
    format!("has the {what} {claimed} in the zTOC and {found} in the layer")
}
