//! The official library, in the two versions that matter.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use launchway_soci::spans::Spans;
use launchway_soci::ztoc::Ztoc;

/// What the official library calls itself; zTOCs are compared under this name.
pub(crate) const BUILD_TOOL: &str = "AWS SOCI CLI v0.2";

/// A version of the official library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// What AWS's own index builder uses; stands for older snapshotters too.
    V0_11,
    /// The newest.
    V0_15,
}

/// A folder of `make deps`, or a file in it.
#[track_caller]
pub(crate) fn part(path: &str) -> PathBuf {
    let parts = std::env::var_os("LAUNCHWAY_TEST_PARTS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../.deps"),
        PathBuf::from,
    );
    let path = parts.join(path);
    assert!(
        path.exists(),
        "{} is missing; run `make deps`",
        path.display()
    );
    path
}

impl Library {
    fn run(self, command: &str, arguments: &[&Path], more: &[String]) -> Output {
        let program = match self {
            Self::V0_11 => "bin/soci-oracle-v0.11",
            Self::V0_15 => "bin/soci-oracle-v0.15",
        };
        Command::new(part(program))
            .arg(command)
            .args(arguments)
            .args(more)
            .env("TZ", "UTC")
            .output()
            .unwrap()
    }

    /// The official zTOC of a layer, or what the library said.
    pub(crate) fn build(self, layer: &Path, span_size: u64) -> Result<Vec<u8>, String> {
        let folder = tempfile::tempdir().unwrap();
        let ztoc = folder.path().join("ztoc");
        let more = [span_size.to_string(), BUILD_TOOL.to_owned()];
        succeeded(&self.run("build", &[layer, &ztoc], &more))?;
        Ok(fs::read(&ztoc).unwrap())
    }

    /// Every span and every file of the layer, through the zTOC.
    pub(crate) fn verify(self, layer: &Path, ztoc: &Path) -> Result<(), String> {
        succeeded(&self.run("verify", &[layer, ztoc], &[]))
    }
}

/// Whether a zTOC reads back, and what the library stumbled over if not.
///
/// The snapshotter decompresses a span that begins inside a byte with one byte too many, the one
/// behind its buffer. Go's allocator rounds up and leaves a zero there, which does no harm, except
/// where a span is as long as what Go allocates: then it may fail, even on the official zTOC. With
/// real spans that is too rare to matter. Of layers that have such a span, `mount` is not asked.
pub(crate) fn reads_back(layer: &Path, ztoc: &[u8]) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ztoc");
    fs::write(&path, ztoc).unwrap();
    Library::V0_15
        .verify(layer, &path)
        .map_err(|problem| format!("v0.15 verify: {problem}"))?;
    if !overread_matters(ztoc) {
        succeeded(&Library::V0_15.run("mount", &[layer, &path], &[]))
            .map_err(|problem| format!("v0.15 mount: {problem}"))?;
    }
    Library::V0_11
        .verify(layer, &path)
        .map_err(|problem| format!("v0.11 verify: {problem}"))
}

/// Whether a span begins inside a byte and is as long as what Go's allocator hands out: sizes of
/// multiples of 8 up to 1 KiB, of 128 up to 32 KiB, then of 8 KiB.
fn overread_matters(ztoc: &[u8]) -> bool {
    let Ok(Spans::Gzip { checkpoints, .. }) = Ztoc::decode(ztoc).map(|ztoc| ztoc.spans) else {
        return false;
    };
    checkpoints.windows(2).any(|pair| {
        let length = pair[1].input - pair[0].input + 1;
        let rounded_to = match length {
            0..=1024 => 8,
            1025..=32_768 => 128,
            _ => 8192,
        };
        pair[0].bits > 0 && length % rounded_to == 0
    })
}

/// An error holds the first thing that the program printed.
fn succeeded(output: &Output) -> Result<(), String> {
    if output.status.success() {
        return Ok(());
    }
    let said = [output.stdout.as_slice(), &output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    Err(said.lines().next().unwrap_or("no output").to_owned())
}
