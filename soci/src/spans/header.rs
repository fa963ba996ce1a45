//! The header of a gzip member (RFC 1952), read byte by byte.
//!
//! zlib could skip it, but then not say where it ends, which is where the first span begins.

use crate::inflate::crc32;

/// What every gzip member begins with.
pub(crate) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The only compression method there is.
const DEFLATE: u8 = 8;

const FLAG_HEADER_CRC: u8 = 0x02;
const FLAG_EXTRA: u8 = 0x04;
const FLAG_NAME: u8 = 0x08;
const FLAG_COMMENT: u8 = 0x10;
const FLAGS_RESERVED: u8 = 0xe0;

/// A reader of one header.
#[derive(Clone, Debug, Default)]
pub(crate) struct Header {
    part: Part,
    flags: u8,
    /// Over all bytes so far, as FHCRC wants it; computed only if there is one.
    crc: u32,
    /// The first bytes, which come before one knows whether a checksum is wanted.
    fixed: [u8; FIXED],
}

/// Bytes that every header has.
const FIXED: usize = 10;

/// Bytes that a name or comment may have, with its NUL. RFC 1952 knows no limit, but Go's reader
/// does, and with it the snapshotter and containerd.
const TEXT: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Fixed { have: usize },
    ExtraLength { have: u8, length: u16 },
    Extra { left: u16 },
    Name { have: usize },
    Comment { have: usize },
    Crc { have: u8, crc: u16 },
    End,
}

impl Default for Part {
    fn default() -> Self {
        Self::Fixed { have: 0 }
    }
}

impl Header {
    /// Takes the next byte. True when it was the header's last one; it is to be given no more then.
    /// Fails with a description of what makes it no valid header.
    pub(crate) fn push(&mut self, byte: u8) -> Result<bool, &'static str> {
        if self.flags & FLAG_HEADER_CRC != 0 && !matches!(self.part, Part::Crc { .. }) {
            self.crc = crc32(self.crc, &[byte]);
        }
        self.part = match self.part {
            Part::Fixed { have } => {
                if let Some(place) = self.fixed.get_mut(have) {
                    *place = byte;
                }
                match (have, byte) {
                    (0, byte) if byte != MAGIC[0] => return Err("no gzip header"),
                    (1, byte) if byte != MAGIC[1] => return Err("no gzip header"),
                    (2, byte) if byte != DEFLATE => return Err("unknown compression method"),
                    (3, flags) if flags & FLAGS_RESERVED != 0 => {
                        return Err("unknown header flags");
                    }
                    (9, _) => {
                        let [_, _, _, flags, ..] = self.fixed;
                        self.flags = flags;
                        self.crc = crc32(0, &self.fixed);
                        self.after_fixed()
                    }
                    _ => Part::Fixed { have: have + 1 },
                }
            }
            Part::ExtraLength { have: 0, .. } => Part::ExtraLength {
                have: 1,
                length: u16::from(byte),
            },
            Part::ExtraLength { length, .. } => match length | u16::from(byte) << 8 {
                0 => self.after_extra(),
                left => Part::Extra { left },
            },
            Part::Extra { left: 1 } => self.after_extra(),
            Part::Extra { left } => Part::Extra { left: left - 1 },
            Part::Name { .. } if byte == 0 => self.after_name(),
            Part::Comment { .. } if byte == 0 => self.after_comment(),
            Part::Name { have } | Part::Comment { have } if have + 1 >= TEXT => {
                return Err("a name or comment in the header is longer than 511 bytes");
            }
            Part::Name { have } => Part::Name { have: have + 1 },
            Part::Comment { have } => Part::Comment { have: have + 1 },
            Part::End => self.part,
            Part::Crc { have: 0, .. } => Part::Crc {
                have: 1,
                crc: u16::from(byte),
            },
            Part::Crc { crc, .. } => {
                if u32::from(crc | u16::from(byte) << 8) != self.crc & 0xffff {
                    return Err("the checksum of the header does not match");
                }
                Part::End
            }
        };
        Ok(self.part == Part::End)
    }

    fn after_fixed(&self) -> Part {
        if self.flags & FLAG_EXTRA != 0 {
            Part::ExtraLength { have: 0, length: 0 }
        } else {
            self.after_extra()
        }
    }

    fn after_extra(&self) -> Part {
        if self.flags & FLAG_NAME != 0 {
            Part::Name { have: 0 }
        } else {
            self.after_name()
        }
    }

    fn after_name(&self) -> Part {
        if self.flags & FLAG_COMMENT != 0 {
            Part::Comment { have: 0 }
        } else {
            self.after_comment()
        }
    }

    fn after_comment(&self) -> Part {
        if self.flags & FLAG_HEADER_CRC != 0 {
            Part::Crc { have: 0, crc: 0 }
        } else {
            Part::End
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes of `bytes` are the header; `None` if it ends before the header does.
    fn length(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
        let mut header = Header::default();
        for (index, &byte) in bytes.iter().enumerate() {
            if header.push(byte)? {
                return Ok(Some(index + 1));
            }
        }
        Ok(None)
    }

    fn header(flags: u8, rest: &[u8]) -> Vec<u8> {
        [&[0x1f, 0x8b, 8, flags, 1, 2, 3, 4, 0, 255], rest].concat()
    }

    fn with_crc(mut bytes: Vec<u8>) -> Vec<u8> {
        let crc = crc32(0, &bytes);
        bytes.extend_from_slice(&crc.to_le_bytes()[..2]);
        bytes
    }

    #[test]
    fn ends_where_the_flags_say() {
        let cases = [
            header(0, b""),
            header(1, b""),
            header(FLAG_EXTRA, b"\x03\x00abc"),
            header(FLAG_EXTRA, b"\x00\x00"),
            header(FLAG_NAME, b"layer.tar\0"),
            header(FLAG_COMMENT, b"\0"),
            header(FLAG_EXTRA | FLAG_NAME | FLAG_COMMENT, b"\x01\x00\0n\0c\0"),
            with_crc(header(FLAG_HEADER_CRC, b"")),
            with_crc(header(0x1f, b"\x00\x01ab\0\0cd")),
        ];
        for case in &cases[..8] {
            let mut followed = case.clone();
            followed.extend_from_slice(b"\0\0\0");
            assert_eq!(length(&followed), Ok(Some(case.len())), "{case:?}");
            for cut in 0..case.len() {
                assert_eq!(length(&case[..cut]), Ok(None), "{case:?} cut at {cut}");
            }
        }
        // 256 bytes of extra field are promised.
        assert_eq!(length(&cases[8]), Ok(None));
    }

    #[test]
    fn refuses_what_is_no_header() {
        for (bytes, problem) in [
            (&b"\x1f\x8c"[..], "no gzip header"),
            (b"PK", "no gzip header"),
            (b"\x1f\x8b\x07", "unknown compression method"),
            (b"\x1f\x8b\x08\x20", "unknown header flags"),
        ] {
            assert_eq!(length(bytes), Err(problem));
        }
        let mut damaged = with_crc(header(FLAG_HEADER_CRC | FLAG_NAME, b"name\0"));
        damaged[11] ^= 1;
        assert_eq!(
            length(&damaged),
            Err("the checksum of the header does not match")
        );
    }
}
