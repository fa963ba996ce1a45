//! Writing `FlatBuffers`, byte for byte as the builders of the `FlatBuffers` project do.
//!
//! A buffer is written back to front: what is referred to comes first, and the root last. Every
//! value is aligned by its distance from the end. Numbers that equal their default are left out of
//! their table, and tables of one shape share a vtable.

/// The largest buffer: its offsets are signed 32-bit numbers.
const LIMIT: usize = (1 << 31) - 1;

/// Something that was written, by its distance from the end of the buffer.
#[derive(Clone, Copy, Debug)]
pub(in crate::ztoc) struct Reference(usize);

/// What a field of a table holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::ztoc) enum Field {
    /// A string, a vector or a table.
    To(Reference),
    /// A byte, left out if it is the default.
    I8 { value: i8, default: i8 },
    /// Left out if it is 0.
    I32(i32),
    /// Left out if it is 0.
    U32(u32),
    /// Left out if it is 0.
    I64(i64),
}

/// A buffer that is being written.
#[derive(Debug)]
pub(in crate::ztoc) struct Writer {
    /// The buffer's bytes from the last to the first, so that writing is appending.
    reversed: Vec<u8>,
    /// The strictest alignment so far.
    alignment: usize,
    /// The distinct vtables (where fields are in their table), and where they were written.
    vtables: Vec<(Vec<u16>, usize)>,
}

impl Writer {
    /// Begins a buffer that will have about `capacity` bytes.
    pub(in crate::ztoc) fn with_capacity(capacity: usize) -> Self {
        Self {
            reversed: Vec::with_capacity(capacity.min(LIMIT)),
            alignment: 1,
            vtables: Vec::new(),
        }
    }

    /// Writes a string; its bytes need not be UTF-8.
    pub(in crate::ztoc) fn string(&mut self, bytes: &[u8]) -> Reference {
        self.align(4, bytes.len() + 1);
        self.put(&[0]);
        self.put(bytes);
        self.length(bytes.len())
    }

    /// Writes a vector of `length` bytes that is given in parts, from the last part to the first.
    pub(in crate::ztoc) fn bytes<'a>(
        &mut self,
        length: usize,
        parts_from_last: impl Iterator<Item = &'a [u8]>,
    ) -> Reference {
        self.align(4, length);
        for part in parts_from_last {
            self.put(part);
        }
        self.length(length)
    }

    /// Writes a vector of references.
    pub(in crate::ztoc) fn references(&mut self, references: &[Reference]) -> Reference {
        self.align(4, 4 * references.len());
        for reference in references.iter().rev() {
            self.reference(*reference);
        }
        self.length(references.len())
    }

    /// Writes a table with these fields (by number), in the order in which they are given.
    pub(in crate::ztoc) fn table(&mut self, fields: &[(u16, Field)]) -> Reference {
        let end = self.reversed.len();
        let mut places = Vec::new();
        for (id, field) in fields {
            if self.field(*field) {
                let id = usize::from(*id);
                if places.len() <= id {
                    places.resize(id + 1, 0);
                }
                places[id] = self.reversed.len();
            }
        }
        self.align(4, 0);
        let table = self.reversed.len() + 4;
        let vtable: Vec<u16> = places
            .iter()
            .map(|place| match place {
                0 => 0,
                place => short(table - place),
            })
            .collect();

        let known = self.vtables.iter().find(|(known, _)| *known == vtable);
        if let Some((_, at)) = known {
            let distance = int(*at) - int(table);
            self.put(&distance.to_le_bytes());
            return Reference(table);
        }
        // A new vtable goes right in front of its table.
        let length = 2 * (vtable.len() + 2);
        self.put(&int(length).to_le_bytes());
        for place in vtable.iter().rev() {
            self.put(&place.to_le_bytes());
        }
        self.put(&short(table - end).to_le_bytes());
        self.put(&short(length).to_le_bytes());
        self.vtables.push((vtable, self.reversed.len()));
        Reference(table)
    }

    /// The finished buffer, or how long it would be if it is too long for the format.
    pub(in crate::ztoc) fn finish(mut self, root: Reference) -> Result<Vec<u8>, usize> {
        self.align(self.alignment, 4);
        self.reference(root);
        if self.reversed.len() > LIMIT {
            return Err(self.reversed.len());
        }
        self.reversed.reverse();
        Ok(self.reversed)
    }

    /// Writes one field of a table, unless it has its default.
    fn field(&mut self, field: Field) -> bool {
        match field {
            Field::To(reference) => {
                self.align(4, 0);
                self.reference(reference);
            }
            Field::I8 { value, default } if value != default => self.put(&value.to_le_bytes()),
            Field::I32(value) if value != 0 => {
                self.align(4, 0);
                self.put(&value.to_le_bytes());
            }
            Field::U32(value) if value != 0 => {
                self.align(4, 0);
                self.put(&value.to_le_bytes());
            }
            Field::I64(value) if value != 0 => {
                self.align(8, 0);
                self.put(&value.to_le_bytes());
            }
            Field::I8 { .. } | Field::I32(_) | Field::U32(_) | Field::I64(_) => return false,
        }
        true
    }

    /// Pads so that a value aligned to `alignment` can be written after `then` other bytes.
    fn align(&mut self, alignment: usize, then: usize) {
        self.alignment = self.alignment.max(alignment);
        let length = (self.reversed.len() + then).next_multiple_of(alignment) - then;
        self.reversed.resize(length, 0);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.reversed.extend(bytes.iter().rev());
    }

    fn reference(&mut self, to: Reference) {
        let distance = self.reversed.len() + 4 - to.0;
        self.put(&int(distance).to_le_bytes());
    }

    fn length(&mut self, length: usize) -> Reference {
        self.put(&int(length).to_le_bytes());
        Reference(self.reversed.len())
    }
}

/// A distance in the buffer. One that does not fit belongs to a buffer that `finish` refuses.
fn int(distance: usize) -> i32 {
    i32::try_from(distance).unwrap_or(i32::MAX)
}

/// A distance in a table; those of this format have less than a hundred bytes.
fn short(distance: usize) -> u16 {
    u16::try_from(distance).unwrap_or(u16::MAX)
}
