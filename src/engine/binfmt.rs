//! Emulators that the kernel knows, from `/proc/sys/fs/binfmt_misc`. Source: the kernel's
//! `Documentation/admin-guide/binfmt-misc.rst`.

use std::fs;
use std::path::Path;

/// One registered interpreter of foreign programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulator {
    /// The name of the entry, for example `qemu-aarch64`.
    pub name: String,
    /// The architecture in OCI's names, for example `arm64`.
    pub architecture: &'static str,
    /// It is switched on.
    pub enabled: bool,
    /// The interpreter's path when it was registered.
    pub interpreter: String,
    /// The flags as the kernel prints them; `F` keeps the interpreter open, so that it is found
    /// inside containers too.
    pub flags: String,
}

/// The ends of entries' names (`qemu-aarch64`, `box64-x86_64`, …) and what they stand for.
const ARCHITECTURES: [(&str, &str); 10] = [
    ("aarch64", "arm64"),
    ("x86_64", "amd64"),
    ("arm", "arm"),
    ("i386", "386"),
    ("riscv64", "riscv64"),
    ("ppc64le", "ppc64le"),
    ("s390x", "s390x"),
    ("loongarch64", "loong64"),
    ("mips64", "mips64"),
    ("mips64el", "mips64le"),
];

impl Emulator {
    /// Whether steps in containers can use it.
    pub fn works_in_containers(&self) -> bool {
        self.enabled && self.flags.contains('F')
    }

    fn parse(name: &str, text: &str) -> Option<Self> {
        let suffix = name.rsplit_once('-')?.1;
        let (_, architecture) = ARCHITECTURES.iter().find(|(end, _)| *end == suffix)?;
        let mut emulator = Self {
            name: name.to_owned(),
            architecture,
            enabled: false,
            interpreter: String::new(),
            flags: String::new(),
        };
        for line in text.lines() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("enabled", _) => emulator.enabled = true,
                ("interpreter", path) => path.clone_into(&mut emulator.interpreter),
                ("flags:", flags) => flags.trim().clone_into(&mut emulator.flags),
                _ => {}
            }
        }
        Some(emulator)
    }
}

/// All emulators under `directory`, usually `/proc/sys/fs/binfmt_misc`, ordered by name; none when
/// it is not mounted.
pub fn read_emulators(directory: &Path) -> Vec<Emulator> {
    let mut found: Vec<Emulator> = fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().into_string().ok()?;
            let text = fs::read_to_string(entry.path()).ok()?;
            Emulator::parse(&name, &text)
        })
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_prints() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("status", "enabled\n"),
            (
                "python3",
                "enabled\ninterpreter /usr/bin/python3\nflags: \n",
            ),
            (
                "qemu-aarch64",
                "enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: PF\n\
                 offset 0\nmagic 7f454c46\n",
            ),
            (
                "qemu-s390x",
                "disabled\ninterpreter /usr/bin/qemu-s390x\nflags: F\n",
            ),
            (
                "qemu-riscv64",
                "enabled\ninterpreter /usr/bin/qemu-riscv64\nflags: OC\n",
            ),
        ] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let found = read_emulators(dir.path());
        let summary: Vec<_> = found
            .iter()
            .map(|e| (e.architecture, e.enabled, e.works_in_containers()))
            .collect();
        assert_eq!(
            summary,
            [
                ("arm64", true, true),
                ("riscv64", true, false),
                ("s390x", false, false)
            ]
        );
        assert_eq!(found[0].flags, "PF");
        assert_eq!(
            found[0].interpreter,
            "/usr/libexec/qemu-binfmt/aarch64-binfmt-P"
        );
    }

    #[test]
    fn nothing_mounted_is_no_emulator() {
        assert!(read_emulators(Path::new("/nonexistent")).is_empty());
    }
}
