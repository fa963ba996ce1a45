//! Target and group blocks to rows: a block is one row, a block with a `matrix` is one row for each
//! combination of its values.
//!
//! buildx walks a matrix in random order; here keys are sorted and values keep their order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::attribute::{GROUP, Spec, TARGET};
use super::convert::to_string;
use super::diagnostic::Fault;
use super::eval::{Evaluator, Scope};
use super::module::Module;
use super::syntax::{Attribute, Block};
use super::value::Value;

/// More combinations than this are a mistake.
const ROW_LIMIT: usize = 10_000;

/// Which blocks can be referred to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum BlockKind {
    Target,
    Group,
}

impl BlockKind {
    /// The attributes of such a block.
    pub(crate) fn specs(self) -> &'static [Spec] {
        match self {
            BlockKind::Target => TARGET,
            BlockKind::Group => GROUP,
        }
    }
}

impl fmt::Display for BlockKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BlockKind::Target => "target",
            BlockKind::Group => "group",
        })
    }
}

/// One block, or one combination of its matrix.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) kind: BlockKind,
    /// Index into the module's targets or groups.
    pub(crate) index: usize,
    pub(crate) name: String,
    /// The matrix values.
    pub(crate) names: BTreeMap<String, Value>,
}

impl Row {
    /// The block of this row.
    pub(crate) fn block<'a>(&self, module: &'a Module) -> Option<&'a Block> {
        match self.kind {
            BlockKind::Target => module.targets.get(self.index),
            BlockKind::Group => module.groups.get(self.index),
        }
    }
}

/// All rows, and the groups that stand for a block's rows.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) rows: Vec<Row>,
    /// Label of a matrix block to the names of its rows.
    pub(crate) renamed: BTreeMap<String, Vec<String>>,
}

/// Expands all blocks. Every problem is reported, not only the first.
pub(crate) fn expand(evaluator: &Evaluator<'_>) -> Result<Rows, Vec<Fault>> {
    let module = evaluator.module();
    let mut faults = Vec::new();
    let mut all = Rows::default();
    for (index, block) in module.targets.iter().enumerate() {
        match target_rows(evaluator, index, block) {
            Ok(rows) => {
                let Some(label) = block.labels.first() else {
                    continue;
                };
                let names = rows.iter().map(|row| row.name.clone());
                all.renamed
                    .entry(label.text.clone())
                    .or_default()
                    .extend(names);
                all.rows.extend(rows);
            }
            Err(fault) => faults.push(fault),
        }
    }
    for (index, block) in module.groups.iter().enumerate() {
        for name in ["matrix", "name"] {
            if let Some(attribute) = block.body.attribute(name) {
                let message = format!("a group cannot have {name:?}");
                faults.push(Fault::new(attribute.name_range, message).help("only targets can"));
            }
        }
        let Some(label) = block.labels.first() else {
            continue;
        };
        if let Err(fault) = check_name(&label.text) {
            faults.push(Fault::new(label.range, fault));
        }
        all.rows.push(Row {
            kind: BlockKind::Group,
            index,
            name: label.text.clone(),
            names: BTreeMap::new(),
        });
    }
    // A block whose only row has the block's own name is not renamed at all.
    for names in all.renamed.values_mut() {
        let mut seen = BTreeSet::new();
        names.retain(|name| seen.insert(name.clone()));
    }
    all.renamed
        .retain(|label, names| names.as_slice() != std::slice::from_ref(label));
    if faults.is_empty() {
        Ok(all)
    } else {
        Err(faults)
    }
}

fn target_rows(evaluator: &Evaluator<'_>, index: usize, block: &Block) -> Result<Vec<Row>, Fault> {
    let Some(label) = block.labels.first() else {
        return Ok(Vec::new());
    };
    check_name(&label.text).map_err(|message| Fault::new(label.range, message))?;
    let matrix = block.body.attribute("matrix");
    let name = block.body.attribute("name");
    let combinations = match matrix {
        Some(matrix) => combinations(evaluator, matrix)?,
        None => vec![BTreeMap::new()],
    };
    if let (Some(name), None) = (name, matrix) {
        return Err(Fault::new(name.name_range, "\"name\" requires \"matrix\"")
            .help("without a matrix, the label is the target's name"));
    }
    let mut rows: Vec<Row> = Vec::with_capacity(combinations.len());
    for names in combinations {
        let (name, range) = match name {
            None => (label.text.clone(), label.range),
            Some(attribute) => (
                row_name(evaluator, attribute, names.clone())?,
                attribute.value.range,
            ),
        };
        if rows.iter().any(|row| row.name == name) {
            return Err(
                Fault::new(range, format!("two rows of the matrix are named {name:?}"))
                    .help("give each row its own name with the attribute \"name\""),
            );
        }
        rows.push(Row {
            kind: BlockKind::Target,
            index,
            name,
            names,
        });
    }
    Ok(rows)
}

fn row_name(
    evaluator: &Evaluator<'_>,
    attribute: &Attribute,
    names: BTreeMap<String, Value>,
) -> Result<String, Fault> {
    let range = attribute.value.range;
    let value = evaluator.evaluate(&attribute.value, &Scope::with(names))?;
    let name = to_string(value).map_err(|message| Fault::new(range, format!("name: {message}")))?;
    check_name(&name).map_err(|message| {
        Fault::new(range, message).help("sanitize(…) makes a name of any text")
    })?;
    Ok(name)
}

fn combinations(
    evaluator: &Evaluator<'_>,
    attribute: &Attribute,
) -> Result<Vec<BTreeMap<String, Value>>, Fault> {
    let range = attribute.value.range;
    let value = evaluator.evaluate(&attribute.value, &Scope::root())?;
    let Some(axes) = value.attributes() else {
        return Err(Fault::new(range, "matrix: a map of lists is required"));
    };
    let mut rows: Vec<BTreeMap<String, Value>> = vec![BTreeMap::new()];
    for (axis, values) in axes {
        let Some(values) = values.entries() else {
            let message = format!(
                "matrix: {axis:?} must be a list, and is a {}",
                values.kind()
            );
            return Err(Fault::new(range, message));
        };
        if rows.len().saturating_mul(values.len()) > ROW_LIMIT {
            let message = format!("matrix: more than {ROW_LIMIT} combinations");
            return Err(Fault::new(range, message));
        }
        // The first key varies slowest.
        rows = rows
            .iter()
            .flat_map(|row| {
                values.iter().map(|(_, value)| {
                    let mut row = row.clone();
                    row.insert(axis.clone(), value.clone());
                    row
                })
            })
            .collect();
    }
    Ok(rows)
}

/// Names may hold letters, digits, `_` and `-`.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let fine = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(fine) {
        return Ok(());
    }
    Err(format!(
        "{name:?} is no name for a target: only letters, digits, \"_\" and \"-\" are allowed"
    ))
}
