//! Layers and images made in no time: small archives that hardly compress, so that a low
//! `--min-layer-size` makes them large.

use std::fs;
use std::process::Command;

use launchway::image::{Digest, media_type};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::parts::output;

/// The media type of [`Layer::compressed`].
const GZIP: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

/// A layer.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    /// What the registry keeps.
    pub(crate) compressed: Vec<u8>,
    /// The digest of the archive in it.
    pub(crate) diff_id: Digest,
    /// Its media type.
    pub(crate) media_type: &'static str,
}

impl Layer {
    /// Some files, `size` bytes together, other ones for every `seed`.
    pub(crate) fn of(seed: u64, size: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let tree = folder.path().join("tree");
        fs::create_dir_all(tree.join("etc")).unwrap();
        fs::write(tree.join("etc/name"), format!("layer {seed}\n")).unwrap();
        for part in 0..4_u64 {
            let bytes = noise(seed * 4 + part, size / 4);
            fs::write(tree.join(format!("file{part}")), bytes).unwrap();
        }
        let tar = folder.path().join("layer.tar");
        let mut command = Command::new("tar");
        command.args(["--create", "--format=gnu", "--sort=name", "--mtime=@0"]);
        command.args(["--owner=0", "--group=0", "--numeric-owner", "--file"]);
        output(command.arg(&tar).arg("--directory").arg(&tree).arg("."));
        let diff_id = Digest::of(fs::read(&tar).unwrap());
        output(Command::new("gzip").arg("-n").arg(&tar));
        Self {
            compressed: fs::read(tar.with_extension("tar.gz")).unwrap(),
            diff_id,
            media_type: GZIP,
        }
    }

    /// The digest of the compressed layer.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(&self.compressed)
    }

    /// Its descriptor.
    pub(crate) fn descriptor(&self) -> Value {
        json!({
            "mediaType": self.media_type,
            "digest": self.digest(),
            "size": self.compressed.len(),
        })
    }
}

/// The configuration and manifest of an image with these layers.
pub(crate) fn image(architecture: &str, layers: &[Layer]) -> (Vec<u8>, Vec<u8>) {
    let diff_ids: Vec<Digest> = layers.iter().map(|layer| layer.diff_id).collect();
    let config = json!({
        "architecture": architecture,
        "os": "linux",
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
    });
    let config = config.to_string().into_bytes();
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": media_type::OCI_MANIFEST,
        "config": {
            "mediaType": media_type::OCI_CONFIG,
            "digest": Digest::of(&config),
            "size": config.len(),
        },
        "layers": layers.iter().map(Layer::descriptor).collect::<Vec<_>>(),
    });
    (config, manifest.to_string().into_bytes())
}

/// Bytes that do not compress, the same for the same seed (xorshift).
pub(crate) fn noise(seed: u64, size: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}
