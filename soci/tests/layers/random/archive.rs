//! Random tar archives in every format, and what they hold.
//!
//! The writer is the tests' own: it knows nothing of the reader under test, and writes what
//! reasonable writers do not.

use launchway_soci::tar::MemberKind;

use super::dice::Dice;

const BLOCK: usize = 512;
/// What a name field holds.
const NAME: usize = 100;

/// A member as it was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Meant {
    pub(super) name: Vec<u8>,
    pub(super) kind: MemberKind,
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) linkname: Vec<u8>,
    pub(super) uid: u32,
}

/// An archive and what it holds.
#[derive(Debug, Default)]
pub(super) struct Archive {
    pub(super) bytes: Vec<u8>,
    pub(super) members: Vec<Meant>,
}

/// How a header is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Old,
    Ustar,
    Gnu,
    Pax,
}

/// Makes an archive of some members, whose files have `limit` bytes at most in all.
pub(super) fn archive(dice: &mut Dice, members: usize, limit: usize) -> Archive {
    let mut archive = Archive::default();
    let mut folders: Vec<Vec<u8>> = vec![Vec::new()];
    let mut files: Vec<Vec<u8>> = Vec::new();
    let mut left = limit;
    for number in 0..members {
        let name = name(dice, &folders, number);
        let format = *dice.pick(&[Format::Old, Format::Ustar, Format::Gnu, Format::Pax]);
        match dice.below(12) {
            0 | 1 => {
                let mut folder = name.clone();
                folder.push(b'/');
                archive.add(dice, format, &folder, MemberKind::Directory, b"", b"");
                folders.push(folder);
            }
            2 => {
                let long = [b't'; 180];
                let targets = [&b"../x"[..], b"/etc/passwd", b"\xff\xfe", &long];
                let target = dice.pick(&targets);
                archive.add(dice, format, &name, MemberKind::Symlink, target, b"");
            }
            3 if !files.is_empty() => {
                let target = dice.pick(&files).clone();
                archive.add(dice, format, &name, MemberKind::HardLink, &target, b"");
                files.push(name);
            }
            4 if format != Format::Old => {
                let kinds = [
                    MemberKind::CharacterDevice,
                    MemberKind::BlockDevice,
                    MemberKind::Fifo,
                ];
                let kind = *dice.pick(&kinds);
                archive.add(dice, format, &name, kind, b"", b"");
            }
            _ => {
                let size = dice.length(left.max(1)).min(left);
                left -= size;
                let content = dice.content(size);
                archive.add(dice, format, &name, MemberKind::Regular, b"", &content);
                files.push(name);
            }
        }
    }
    // Some writers end with two blocks of zeros, some with many, some with none.
    let zeros = *dice.pick(&[0, BLOCK, 2 * BLOCK, 2 * BLOCK, 20 * BLOCK, 9000 * BLOCK]);
    archive.bytes.resize(archive.bytes.len() + zeros, 0);
    archive
}

/// A name that is not taken, in one of the folders.
fn name(dice: &mut Dice, folders: &[Vec<u8>], number: usize) -> Vec<u8> {
    let mut name = dice.pick(folders).clone();
    if name.len() > 1500 {
        name.clear();
    }
    match dice.below(8) {
        0 => name.extend_from_slice(b"caf\xe9\xff"),
        1 => name.extend_from_slice("größe-文件 ".as_bytes()),
        2 => name.resize(name.len() + 1 + dice.below(200), b'n'),
        3 => name.extend_from_slice(b".wh."),
        4 => name.extend_from_slice(b" =\n\x01"),
        _ => {}
    }
    name.extend_from_slice(format!("{number}").as_bytes());
    name
}

impl Archive {
    fn add(
        &mut self,
        dice: &mut Dice,
        format: Format,
        name: &[u8],
        kind: MemberKind,
        linkname: &[u8],
        content: &[u8],
    ) {
        let uid = match format {
            Format::Pax | Format::Gnu => u32::try_from(dice.next() & 0xffff_ffff).unwrap(),
            _ => u32::try_from(dice.below(0o1_000_000)).unwrap(),
        };
        let long = name.len() > NAME || linkname.len() > NAME;
        if format == Format::Pax {
            let records = pax_records(dice, name, linkname, uid);
            self.meta(b"PaxHeaders/0", b'x', &records);
        } else if long {
            // Only GNU's way is left to write it.
            if name.len() > NAME {
                self.meta(b"././@LongLink", b'L', &[name, &b"\0"[..]].concat());
            }
            if linkname.len() > NAME {
                self.meta(b"././@LongLink", b'K', &[linkname, &b"\0"[..]].concat());
            }
        }
        let typeflag = match kind {
            MemberKind::Regular if format == Format::Old => 0,
            MemberKind::Regular => b'0',
            MemberKind::HardLink => b'1',
            MemberKind::Symlink => b'2',
            MemberKind::CharacterDevice => b'3',
            MemberKind::BlockDevice => b'4',
            MemberKind::Directory => b'5',
            MemberKind::Fifo => b'6',
        };
        let owner = match format {
            Format::Pax => 0,
            _ => uid,
        };
        let size = content.len() as u64;
        // The name in the header does not count where there is a longer one.
        let short = |bytes: &[u8]| bytes[..bytes.len().min(NAME)].to_vec();
        self.header(
            &short(name),
            typeflag,
            &short(linkname),
            size,
            owner,
            format,
            dice.next(),
        );
        self.members.push(Meant {
            name: name.to_vec(),
            kind,
            offset: self.bytes.len() as u64,
            size,
            linkname: linkname.to_vec(),
            uid,
        });
        self.data(content);
    }

    fn meta(&mut self, name: &[u8], typeflag: u8, content: &[u8]) {
        self.header(
            name,
            typeflag,
            b"",
            content.len() as u64,
            0,
            Format::Ustar,
            0,
        );
        self.data(content);
    }

    fn data(&mut self, content: &[u8]) {
        self.bytes.extend_from_slice(content);
        let padded = self.bytes.len().next_multiple_of(BLOCK);
        self.bytes.resize(padded, 0);
    }

    #[expect(clippy::too_many_arguments, reason = "a header has that many fields")]
    fn header(
        &mut self,
        name: &[u8],
        typeflag: u8,
        linkname: &[u8],
        size: u64,
        uid: u32,
        format: Format,
        any: u64,
    ) {
        let mut block = [0_u8; BLOCK];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, name);
        put(100, format!("{:07o}", any & 0o7777).as_bytes());
        if uid <= 0o7_777_777 {
            put(108, format!("{uid:07o}").as_bytes());
        } else {
            put(108, &(1 << 63 | u64::from(uid)).to_be_bytes());
        }
        put(116, b"  17 \0");
        put(124, format!("{size:011o}").as_bytes());
        put(
            136,
            format!("{:011o}", (any >> 12) & 0o17_777_777_777).as_bytes(),
        );
        put(148, b"        ");
        put(156, &[typeflag]);
        put(157, linkname);
        match format {
            Format::Old => {}
            Format::Gnu => put(257, b"ustar  \0"),
            Format::Ustar | Format::Pax => put(257, b"ustar\x0000"),
        }
        if format != Format::Old {
            put(265, b"owner");
            put(297, b"group\xff");
            put(329, b"0000005\0");
            put(337, b"0000017\0");
        }
        let sum: u32 = block.iter().copied().map(u32::from).sum();
        block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self.bytes.extend_from_slice(&block);
    }
}

fn pax_records(dice: &mut Dice, name: &[u8], linkname: &[u8], uid: u32) -> Vec<u8> {
    let mut records = Vec::new();
    let mut add = |key: &[u8], value: &[u8]| {
        let body = [b" ", key, b"=", value, b"\n"].concat();
        let mut length = body.len() + 1;
        while length.to_string().len() + body.len() != length {
            length += 1;
        }
        records.extend_from_slice(length.to_string().as_bytes());
        records.extend_from_slice(&body);
    };
    add(b"uid", uid.to_string().as_bytes());
    add(b"path", name);
    if !linkname.is_empty() {
        add(b"linkpath", linkname);
    }
    if dice.one_in(2) {
        let time = dice.next();
        let sign = if time.is_multiple_of(5) { "-" } else { "" };
        let digits = format!("{:012}", time % 1_000_000_000_000);
        let fraction = &digits[..=dice.below(12)];
        add(
            b"mtime",
            format!("{sign}{}.{fraction}", time % (1 << 33)).as_bytes(),
        );
    }
    for number in 0..dice.below(4) {
        let length = 1 + dice.below(300);
        let value = dice.content(length);
        add(format!("SCHILY.xattr.user.{number}").as_bytes(), &value);
    }
    if dice.one_in(4) {
        add(b"comment", b"\0\xff=\n");
    }
    records
}
