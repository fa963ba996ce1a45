//! Reading a zTOC of any origin.
//!
//! What cannot be read is refused here, and what cannot be meant in [`check`].
//!
//! Strings may be shared in a `FlatBuffer`, so a small one can claim to hold many large members.
//! [`Budget`] bounds what is made of it.

use super::check::invalid;
use super::flat::{Malformed, References, Table};
use super::{InvalidZtoc, VERSION, Ztoc, check, checkpoints, field, shown};
use crate::Digest;
use crate::spans::Spans;
use crate::tar::{Member, MemberKind};

impl From<Malformed> for InvalidZtoc {
    fn from(malformed: Malformed) -> Self {
        invalid(format!(
            "it is no FlatBuffer: byte {} refers to something outside of it",
            malformed.at
        ))
    }
}

/// How many bytes may still be made of the blob.
struct Budget {
    left: usize,
}

impl Budget {
    /// What the allocator needs beside each piece of memory, at the most.
    const ALLOCATION: usize = 32;

    /// Honest zTOCs need less than three times their size.
    fn new(blob: usize) -> Self {
        Self {
            left: blob.saturating_mul(4).saturating_add(1 << 16),
        }
    }

    fn spend(&mut self, bytes: usize) -> Result<(), InvalidZtoc> {
        self.left = self
            .left
            .checked_sub(bytes)
            .ok_or_else(|| invalid("it claims to hold far more than its size allows".to_owned()))?;
        Ok(())
    }

    fn spend_each<T>(&mut self, count: usize) -> Result<(), InvalidZtoc> {
        self.spend(count.saturating_mul(size_of::<T>()))?;
        self.spend_allocation(count)
    }

    /// What is empty is not allocated.
    fn spend_allocation(&mut self, length: usize) -> Result<(), InvalidZtoc> {
        self.spend(if length == 0 { 0 } else { Self::ALLOCATION })
    }

    fn boxed(&mut self, bytes: &[u8]) -> Result<Box<[u8]>, InvalidZtoc> {
        self.spend_each::<u8>(bytes.len())?;
        Ok(bytes.into())
    }
}

pub(super) fn decode(bytes: &[u8]) -> Result<Ztoc, InvalidZtoc> {
    use field::ztoc as id;
    let mut budget = Budget::new(bytes.len());
    let root = Table::root(bytes)?;
    let version = root.bytes(id::VERSION)?;
    if version != VERSION {
        return Err(invalid(format!(
            "its version is `{}`; only 0.9 is known",
            shown(version)
        )));
    }
    let build_tool = root.bytes(id::BUILD_TOOL)?;
    budget.spend_each::<u8>(build_tool.len())?;
    let build_tool = std::str::from_utf8(build_tool)
        .map_err(|_| invalid("the name of its builder is not UTF-8"))?;
    let compressed_size = unsigned("compressed size", root.i64(id::COMPRESSED_SIZE)?)?;
    let uncompressed_size = unsigned("uncompressed size", root.i64(id::UNCOMPRESSED_SIZE)?)?;

    let toc = root
        .table(id::TOC)?
        .ok_or_else(|| invalid("it has no table of contents"))?;
    let members = members(toc.references(field::toc::METADATA)?, &mut budget)?;

    let compression = root
        .table(id::COMPRESSION_INFO)?
        .ok_or_else(|| invalid("it has no compression information"))?;
    let spans = spans(compression, &mut budget)?;
    let ztoc = Ztoc {
        build_tool: build_tool.to_owned(),
        compressed_size,
        uncompressed_size,
        members,
        spans,
    };
    check::check(&ztoc)?;
    Ok(ztoc)
}

fn members(tables: References<'_>, budget: &mut Budget) -> Result<Vec<Member>, InvalidZtoc> {
    budget.spend_each::<Member>(tables.len())?;
    let mut members = Vec::with_capacity(tables.len());
    for table in tables.tables() {
        members.push(member(table?, budget)?);
    }
    if !members.is_sorted_by_key(|member| member.offset) {
        members.sort_unstable_by_key(|member| member.offset);
    }
    Ok(members)
}

fn member(table: Table<'_>, budget: &mut Budget) -> Result<Member, InvalidZtoc> {
    use field::member as id;
    let name = table.bytes(id::NAME)?;
    let problem = |what: String| invalid(format!("the member `{}` {what}", shown(name)));
    let number = |what: &str, value: i64| {
        u64::try_from(value).map_err(|_| problem(format!("has the {what} {value}")))
    };

    let kind = table.bytes(id::TYPE)?;
    let kind = MemberKind::parse(kind)
        .ok_or_else(|| problem(format!("has the unknown type `{}`", shown(kind))))?;
    let mod_time = std::str::from_utf8(table.bytes(id::MOD_TIME)?)
        .map_err(|_| problem("has a modification time that is not UTF-8".to_owned()))?;
    budget.spend_each::<u8>(mod_time.len())?;

    let records = table.references(id::XATTRS)?;
    budget.spend_each::<(Box<[u8]>, Box<[u8]>)>(records.len())?;
    let mut pax = Vec::with_capacity(records.len());
    for record in records.tables() {
        let record = record?;
        pax.push((
            budget.boxed(record.bytes(field::xattr::KEY)?)?,
            budget.boxed(record.bytes(field::xattr::VALUE)?)?,
        ));
    }

    Ok(Member {
        name: budget.boxed(name)?,
        kind,
        offset: number("offset", table.i64(id::OFFSET)?)?,
        size: number("size", table.i64(id::SIZE)?)?,
        linkname: budget.boxed(table.bytes(id::LINKNAME)?)?,
        mode: table.i64(id::MODE)?,
        uid: table.u32(id::UID)?,
        gid: table.u32(id::GID)?,
        uname: budget.boxed(table.bytes(id::UNAME)?)?,
        gname: budget.boxed(table.bytes(id::GNAME)?)?,
        mod_time: mod_time.into(),
        devmajor: table.i64(id::DEVMAJOR)?,
        devminor: table.i64(id::DEVMINOR)?,
        pax: pax.into(),
    })
}

fn spans(table: Table<'_>, budget: &mut Budget) -> Result<Spans, InvalidZtoc> {
    use field::compression as id;
    let blob = table.bytes(id::CHECKPOINTS)?;
    let digests = table.references(id::SPAN_DIGESTS)?;
    let max_span_id = table.i32(id::MAX_SPAN_ID)?;
    if i64::from(max_span_id) + 1 != i64::try_from(digests.len()).unwrap_or(i64::MAX) {
        return Err(invalid(format!(
            "it has {} span digests, and {max_span_id} as the number of the last span",
            digests.len()
        )));
    }
    match table.i8(id::ALGORITHM, checkpoints::GZIP)? {
        checkpoints::GZIP => {
            let (span_size, checkpoints) = checkpoints::read_gzip(blob)?;
            Ok(Spans::Gzip {
                span_size,
                checkpoints,
                digests: span_digests(digests, budget)?,
            })
        }
        checkpoints::UNCOMPRESSED => {
            let (span_size, size) = checkpoints::read_tar_zinfo(blob)?;
            Ok(Spans::Uncompressed {
                span_size,
                size,
                digests: span_digests(digests, budget)?,
            })
        }
        unknown => Err(invalid(format!(
            "its compression algorithm is number {unknown}; 1 (gzip) and 2 (none) are known"
        ))),
    }
}

fn span_digests(texts: References<'_>, budget: &mut Budget) -> Result<Vec<Digest>, InvalidZtoc> {
    budget.spend_each::<Digest>(texts.len())?;
    let mut digests = Vec::with_capacity(texts.len());
    for (span, text) in texts.strings().enumerate() {
        let text = text?;
        let digest = std::str::from_utf8(text)
            .ok()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| {
                let text = shown(text);
                invalid(format!("span {span} has `{text}` instead of a digest"))
            })?;
        digests.push(digest);
    }
    Ok(digests)
}

pub(super) fn unsigned(what: &str, value: i64) -> Result<u64, InvalidZtoc> {
    u64::try_from(value).map_err(|_| invalid(format!("the {what} is {value}")))
}
