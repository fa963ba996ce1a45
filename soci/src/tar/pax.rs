//! PAX extended headers: `<length> <key>=<value>\n`, over and over. The length counts the whole
//! record.

use super::PaxRecord;
use super::header::Header;
use super::number::decimal;
use super::time::Time;

/// The records of one extended header, sorted by key; of equal keys the last one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Records(Vec<PaxRecord>);

impl Records {
    /// Reads the payload of an `x` member. The error says what is wrong, as the end of a sentence.
    pub(super) fn parse(mut payload: &[u8]) -> Result<Self, &'static str> {
        let mut records = Vec::new();
        // Sparse format 0.0 repeats two keys; Go makes one record of them.
        let mut sparse_map: Vec<&[u8]> = Vec::new();
        while !payload.is_empty() {
            let (key, value, rest) =
                record(payload).ok_or("a PAX record is not `<length> <key>=<value>`")?;
            payload = rest;
            let sparse = match key {
                b"GNU.sparse.offset" => Some(0),
                b"GNU.sparse.numbytes" => Some(1),
                _ => None,
            };
            match sparse {
                Some(turn) if turn == sparse_map.len() % 2 && !value.contains(&b',') => {
                    sparse_map.push(value);
                }
                Some(_) => return Err("a PAX sparse map is out of order"),
                None => records.push((key.into(), value.into())),
            }
        }
        if !sparse_map.is_empty() {
            records.push((SPARSE_MAP.into(), sparse_map.join(&b',').into()));
        }
        records.sort_by(|(a, _): &PaxRecord, (b, _)| a.cmp(b));
        records.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                std::mem::swap(&mut later.1, &mut kept.1);
            }
            same
        });
        Ok(Self(records))
    }

    /// Puts the records over a header's own fields. Empty values leave the field as it is.
    pub(super) fn apply(&self, header: &mut Header) -> Result<(), &'static str> {
        for (key, value) in self.0.iter().filter(|(_, value)| !value.is_empty()) {
            match &**key {
                b"path" => header.name.clone_from(value),
                b"linkpath" => header.linkname.clone_from(value),
                b"uname" => header.uname.clone_from(value),
                b"gname" => header.gname.clone_from(value),
                b"uid" => header.uid = decimal(value).ok_or("a PAX uid is no number")?,
                b"gid" => header.gid = decimal(value).ok_or("a PAX gid is no number")?,
                b"size" => header.size = decimal(value).ok_or("a PAX size is no number")?,
                b"mtime" => header.mtime = Time::parse_pax(value).ok_or(NO_TIME)?,
                b"atime" | b"ctime" => {
                    Time::parse_pax(value).ok_or(NO_TIME)?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The name of a sparse file, in whose place the header has one that was made up; or nothing.
    pub(super) fn sparse_name(&self) -> &[u8] {
        self.get(b"GNU.sparse.name")
    }

    /// Whether they make a sparse file of their member: GNU's PAX formats 0.0, 0.1 and 1.0.
    pub(super) fn are_sparse(&self) -> bool {
        match (self.get(b"GNU.sparse.major"), self.get(b"GNU.sparse.minor")) {
            (b"0", b"0" | b"1") | (b"1", b"0") => true,
            (b"", b"") => !self.get(SPARSE_MAP).is_empty(),
            // A version that Go does not know, and so takes for an ordinary file.
            _ => false,
        }
    }

    /// The records, sorted.
    pub(super) fn into_boxed(self) -> Box<[PaxRecord]> {
        self.0.into_boxed_slice()
    }

    fn get(&self, key: &[u8]) -> &[u8] {
        match self.0.binary_search_by(|(other, _)| (**other).cmp(key)) {
            Ok(index) => &self.0[index].1,
            Err(_) => &[],
        }
    }
}

const SPARSE_MAP: &[u8] = b"GNU.sparse.map";
const NO_TIME: &str = "a PAX time is no number";

/// The first record and what follows it.
fn record(payload: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = payload.iter().position(|byte| *byte == b' ')?;
    let length = usize::try_from(decimal(&payload[..space])?).ok()?;
    if length < 5 || length <= space + 1 {
        return None;
    }
    let (record, rest) = payload.split_at_checked(length)?;
    let text = record[space + 1..].strip_suffix(b"\n")?;
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (key, value) = (&text[..equals], &text[equals + 1..]);
    let with_nul = match key {
        b"path" | b"linkpath" | b"uname" | b"gname" => value,
        _ => key,
    };
    (!key.is_empty() && !with_nul.contains(&0)).then_some((key, value, rest))
}
