//! `soci { … }`: whether and how images get SOCI indexes. Which of the targets that it names are
//! pushed, and what their outputs say against it, is `plan`'s to find out.

use std::collections::BTreeSet;

use launchway_soci::index::Version;
use launchway_soci::{DEFAULT_MIN_LAYER_SIZE, DEFAULT_SPAN_SIZE};

use super::read::{Names, Reader};
use super::size;
use crate::bake::diagnostic::Fault;
use crate::soci::{DEFAULT_STORE_LIMIT, check_span_size, version};

/// The attributes of the block.
pub(super) const ATTRIBUTES: &[&str] = &[
    "enabled",
    "version",
    "span_size",
    "min_layer_size",
    "targets",
    "cache_size",
];

/// `soci { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SociSettings {
    /// `enabled`: false keeps the block and turns SOCI off; default true.
    pub enabled: bool,
    /// `version = "v2" | "v1"`; default v2.
    pub version: Version,
    /// `span_size`: uncompressed bytes per span; default 4 MiB.
    pub span_size: u64,
    /// `min_layer_size`: layers of fewer compressed bytes are not indexed; default 10 MiB.
    pub min_layer_size: u64,
    /// `targets`: the targets whose images get SOCI indexes, groups and patterns resolved; default:
    /// all.
    pub targets: Option<BTreeSet<String>>,
    /// `cache_size`: the limit of the local store of zTOCs in bytes, 0 for none; default 1 GiB.
    pub cache_size: u64,
}

impl Default for SociSettings {
    fn default() -> Self {
        Self {
            enabled: true,
            version: Version::default(),
            span_size: DEFAULT_SPAN_SIZE,
            min_layer_size: DEFAULT_MIN_LAYER_SIZE,
            targets: None,
            cache_size: DEFAULT_STORE_LIMIT,
        }
    }
}

/// Evaluates the block.
pub(super) fn read(reader: &Reader<'_>, names: &Names<'_>) -> Result<SociSettings, Fault> {
    let default = SociSettings::default();
    let version = match reader.text("version")?.as_deref() {
        None => default.version,
        Some(text) => version::parse(text).ok_or_else(|| {
            let message = format!("{text:?} is no version of SOCI indexes");
            reader
                .fault("version", &message)
                .help("write \"v2\", which Fargate reads, or \"v1\"")
        })?,
    };
    let span_size = bytes(reader, "span_size", "4MiB")?.unwrap_or(default.span_size);
    check_span_size(span_size).map_err(|error| {
        let help = error.why();
        reader.fault("span_size", &error.to_string()).help(help)
    })?;
    Ok(SociSettings {
        enabled: reader.flag("enabled")?.unwrap_or(default.enabled),
        version,
        span_size,
        min_layer_size: bytes(reader, "min_layer_size", "10MiB")?.unwrap_or(default.min_layer_size),
        targets: reader.targets("targets", names)?,
        cache_size: bytes(reader, "cache_size", "1GiB")?.unwrap_or(default.cache_size),
    })
}

fn bytes(reader: &Reader<'_>, name: &str, example: &str) -> Result<Option<u64>, Fault> {
    let Some(text) = reader.text(name)? else {
        return Ok(None);
    };
    let bytes = size::parse(&text).map_err(|message| {
        let help = format!("write bytes, or KiB, MiB or GiB: {name} = {example:?}");
        reader.fault(name, &message).help(help)
    })?;
    Ok(Some(bytes))
}
