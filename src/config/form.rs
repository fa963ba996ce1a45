//! The form of our own blocks: which have a name, which attributes and blocks each can have in it. What the
//! values are is `read`'s work; nothing is evaluated here.

use super::environment::{self, Variables};
use super::{base_images, blocks, notify, parameter, prune, scan, service, soci};
use crate::bake::diagnostic::Fault;
use crate::bake::suggest::did_you_mean;
use crate::bake::syntax::Block;
use crate::bake::text::Range;

/// Checks all blocks: labels, and names of attributes and blocks in them.
pub(crate) fn check(declared: &[Block], variables: &Variables<'_>) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (index, block) in declared.iter().enumerate() {
        let named = blocks::is_named(&block.kind);
        faults.extend(label(block, &declared[..index], named));
        if block.kind == environment::KIND {
            faults.extend(environment::check(block, variables));
        } else {
            let nested = blocks::nested(&block.kind);
            faults.extend(members(block, attributes(&block.kind), nested));
            for (index, inner) in block.body.blocks.iter().enumerate() {
                if nested.contains(&inner.kind.as_str()) {
                    faults.extend(label(inner, &block.body.blocks[..index], true));
                    faults.extend(members(inner, prune::nested_attributes(&inner.kind), &[]));
                }
            }
        }
    }
    faults
}

/// Checks the name of a block, among those of its kind that stand before it.
fn label(block: &Block, before: &[Block], named: bool) -> Option<Fault> {
    let kind = block.kind.as_str();
    match (named, block.labels.as_slice()) {
        (true, [label]) => {
            let twin = |other: &Block| {
                other.kind == kind && other.labels.iter().any(|other| other.text == label.text)
            };
            before.iter().any(twin).then(|| {
                let message = format!("the {kind} {:?} is declared twice", label.text);
                Fault::new(label.range, message)
            })
        }
        (true, _) => Some(
            Fault::new(block.header(), format!("the block {kind:?} takes one name"))
                .help(format!("write {kind} \"name\" {{ … }}")),
        ),
        (false, []) => before.iter().any(|other| other.kind == kind).then(|| {
            let message = format!("the block {kind:?} is there twice");
            Fault::new(block.kind_range, message).help("join the two")
        }),
        (false, [label, ..]) => {
            let message = format!("the block {kind:?} takes no name");
            Some(Fault::new(label.range, message).help(format!("write {kind} {{ … }}")))
        }
    }
}

/// Checks the names of what stands in a block.
fn members(block: &Block, attributes: &[&str], nested: &[&str]) -> Vec<Fault> {
    let kind = block.kind.as_str();
    let mut faults = Vec::new();
    for attribute in &block.body.attributes {
        let name = attribute.name.as_str();
        if nested.contains(&name) {
            let message = format!("{name:?} is a block, not an attribute");
            faults.push(
                Fault::new(attribute.name_range, message)
                    .help(format!("write {name} \"name\" {{ … }}")),
            );
        } else if !attributes.contains(&name) {
            let fault = unknown(kind, name, attribute.name_range, attributes, nested);
            // In JSON all may be one line, and a secret that does not belong there is on it.
            let secretive = kind == "notify";
            faults.push(if secretive { fault.hidden() } else { fault });
        }
    }
    for inner in &block.body.blocks {
        let name = inner.kind.as_str();
        if attributes.contains(&name) {
            let message = format!("{name:?} is an attribute, not a block");
            faults.push(
                Fault::new(inner.kind_range, message).help(format!("write {name} = {{ … }}")),
            );
        } else if !nested.contains(&name) {
            faults.push(unknown(kind, name, inner.kind_range, attributes, nested));
        }
    }
    faults
}

fn attributes(kind: &str) -> &'static [&'static str] {
    match kind {
        "release" => &[
            "targets",
            "tags",
            "baseline",
            "create_repositories",
            "output",
        ],
        "cache" => &["repository", "mode", "branch", "fallback", "attributes"],
        "soci" => soci::ATTRIBUTES,
        "scan" => scan::ATTRIBUTES,
        "notify" => notify::ATTRIBUTES,
        "parameter" => parameter::ATTRIBUTES,
        "base_images" => base_images::ATTRIBUTES,
        "prune" => prune::ATTRIBUTES,
        _ => service::ATTRIBUTES,
    }
}

fn unknown(kind: &str, name: &str, range: Range, attributes: &[&str], nested: &[&str]) -> Fault {
    let known = || attributes.iter().chain(nested).copied();
    let help = did_you_mean(name, known())
        .unwrap_or_else(|| format!("it has {}", known().collect::<Vec<_>>().join(", ")));
    let message = format!("the block {kind:?} has no attribute {name:?}");
    Fault::new(range, message).help(help)
}
