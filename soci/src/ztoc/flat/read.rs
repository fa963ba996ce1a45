//! Reading `FlatBuffers` from bytes that nobody vouches for.
//!
//! Every access is checked against the buffer, nothing is followed more than once per call, and
//! nothing is allocated: a claimed length that does not fit into the bytes that follow it is an
//! error before anybody reserves memory for it. Fields that are absent have their default, as in
//! the official reader. Alignment is not required; the format's readers do not need it.

/// A place in the buffer that is no valid `FlatBuffer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ztoc) struct Malformed {
    /// Offset in the buffer.
    pub(in crate::ztoc) at: usize,
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Malformed> {
    at.checked_add(N)
        .and_then(|end| bytes.get(at..end))
        .and_then(|slice| slice.try_into().ok())
        .ok_or(Malformed { at })
}

/// The place that the offset stored at `at` points to.
fn follow(bytes: &[u8], at: usize) -> Result<usize, Malformed> {
    let offset = u32::from_le_bytes(array(bytes, at)?);
    usize::try_from(offset)
        .ok()
        .and_then(|offset| at.checked_add(offset))
        .ok_or(Malformed { at })
}

/// The elements of the vector at `at`, `size` bytes each: their number and their bytes.
fn elements(bytes: &[u8], at: usize, size: usize) -> Result<&[u8], Malformed> {
    let malformed = Malformed { at };
    let length = u32::from_le_bytes(array(bytes, at)?);
    let length = usize::try_from(length).map_err(|_| malformed)?;
    let start = at.checked_add(4).ok_or(malformed)?;
    length
        .checked_mul(size)
        .and_then(|length| start.checked_add(length))
        .and_then(|end| bytes.get(start..end))
        .ok_or(malformed)
}

/// One table.
#[derive(Clone, Copy, Debug)]
pub(in crate::ztoc) struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
    vtable: &'a [u8],
}

impl<'a> Table<'a> {
    /// The table that a buffer begins with a reference to.
    pub(in crate::ztoc) fn root(bytes: &'a [u8]) -> Result<Self, Malformed> {
        Self::at(bytes, follow(bytes, 0)?)
    }

    fn at(bytes: &'a [u8], at: usize) -> Result<Self, Malformed> {
        let malformed = Malformed { at };
        let back = i32::from_le_bytes(array(bytes, at)?);
        let start = i64::try_from(at)
            .ok()
            .and_then(|at| at.checked_sub(i64::from(back)))
            .and_then(|start| usize::try_from(start).ok())
            .ok_or(malformed)?;
        let length = usize::from(u16::from_le_bytes(array(bytes, start)?));
        let vtable = start
            .checked_add(length)
            .and_then(|end| bytes.get(start..end))
            .ok_or(malformed)?;
        Ok(Self { bytes, at, vtable })
    }

    /// Where a field is, if it is there.
    fn field(&self, id: u16) -> Result<Option<usize>, Malformed> {
        let Ok(offset) = array(self.vtable, 4 + 2 * usize::from(id)) else {
            return Ok(None);
        };
        match u16::from_le_bytes(offset) {
            0 => Ok(None),
            offset => match self.at.checked_add(usize::from(offset)) {
                Some(at) => Ok(Some(at)),
                None => Err(Malformed { at: self.at }),
            },
        }
    }

    fn scalar<const N: usize>(&self, id: u16) -> Result<Option<[u8; N]>, Malformed> {
        match self.field(id)? {
            Some(at) => array(self.bytes, at).map(Some),
            None => Ok(None),
        }
    }

    /// A byte.
    pub(in crate::ztoc) fn i8(&self, id: u16, default: i8) -> Result<i8, Malformed> {
        Ok(self.scalar(id)?.map_or(default, i8::from_le_bytes))
    }

    /// A number of 32 bits; 0 where it is absent.
    pub(in crate::ztoc) fn i32(&self, id: u16) -> Result<i32, Malformed> {
        Ok(self.scalar(id)?.map_or(0, i32::from_le_bytes))
    }

    /// A number of 32 bits; 0 where it is absent.
    pub(in crate::ztoc) fn u32(&self, id: u16) -> Result<u32, Malformed> {
        Ok(self.scalar(id)?.map_or(0, u32::from_le_bytes))
    }

    /// A number of 64 bits; 0 where it is absent.
    pub(in crate::ztoc) fn i64(&self, id: u16) -> Result<i64, Malformed> {
        Ok(self.scalar(id)?.map_or(0, i64::from_le_bytes))
    }

    /// A string or a vector of bytes; empty where it is absent.
    pub(in crate::ztoc) fn bytes(&self, id: u16) -> Result<&'a [u8], Malformed> {
        match self.field(id)? {
            Some(at) => elements(self.bytes, follow(self.bytes, at)?, 1),
            None => Ok(&[]),
        }
    }

    /// A table, if it is there.
    pub(in crate::ztoc) fn table(&self, id: u16) -> Result<Option<Self>, Malformed> {
        match self.field(id)? {
            Some(at) => Self::at(self.bytes, follow(self.bytes, at)?).map(Some),
            None => Ok(None),
        }
    }

    /// A vector of tables or strings; empty where it is absent.
    pub(in crate::ztoc) fn references(&self, id: u16) -> Result<References<'a>, Malformed> {
        let (at, length) = match self.field(id)? {
            Some(at) => {
                let at = follow(self.bytes, at)?;
                (at, elements(self.bytes, at, 4)?.len() / 4)
            }
            None => (0, 0),
        };
        Ok(References {
            bytes: self.bytes,
            at,
            length,
        })
    }
}

/// A vector of references; what they refer to is checked when it is looked at.
#[derive(Clone, Copy, Debug)]
pub(in crate::ztoc) struct References<'a> {
    bytes: &'a [u8],
    at: usize,
    length: usize,
}

impl<'a> References<'a> {
    /// How many there are; all of them are inside the buffer.
    pub(in crate::ztoc) fn len(&self) -> usize {
        self.length
    }

    fn targets(self) -> impl Iterator<Item = Result<usize, Malformed>> {
        (0..self.length).map(move |index| follow(self.bytes, self.at + 4 + 4 * index))
    }

    /// The tables that are referred to.
    pub(in crate::ztoc) fn tables(self) -> impl Iterator<Item = Result<Table<'a>, Malformed>> {
        self.targets()
            .map(move |at| at.and_then(|at| Table::at(self.bytes, at)))
    }

    /// The strings that are referred to.
    pub(in crate::ztoc) fn strings(self) -> impl Iterator<Item = Result<&'a [u8], Malformed>> {
        self.targets()
            .map(move |at| at.and_then(|at| elements(self.bytes, at, 1)))
    }
}
