//! Two JSON values compared by path.
//!
//! Objects are compared member by member, whatever their order. Lists of named things (containers,
//! variables of a container, services) are compared name by name, so that one more at the front
//! does not make all others differ; lists of objects without names that are equally long element by
//! element. Every other list is one value: of `["a", "b"]` and `["a", "c"]` both are shown.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::path::{Path, Step};

/// Members that tell the elements of a list apart, best first.
const IDENTITIES: [&[&str]; 3] = [&["name"], &["target", "platform"], &["target"]];

/// One place where two values differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// Where.
    pub path: Path,
    /// How.
    pub change: Change,
}

/// How the second value differs from the first.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Only the second has it.
    Added(Value),
    /// Only the first has it.
    Removed(Value),
    /// Both have it.
    Changed {
        /// In the first.
        from: Value,
        /// In the second.
        to: Value,
    },
    /// A list of named things has another order. Names in both orders; only those that are in the
    /// second value, added ones last in the first order.
    Reordered {
        /// As it would be with the other differences alone.
        from: Vec<String>,
        /// In the second.
        to: Vec<String>,
        /// Whether any that are in both have changed places; otherwise only added ones stand
        /// before others.
        moved: bool,
    },
}

/// All places where `b` differs from `a`, in the order of the values' members; none for equal
/// values.
pub fn differences(a: &Value, b: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(a, b, &Path::default(), &mut found);
    found
}

fn compare(a: &Value, b: &Value, path: &Path, found: &mut Vec<Difference>) {
    if a == b {
        return;
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => objects(a, b, path, found),
        (Value::Array(a), Value::Array(b)) => lists(a, b, path, found),
        _ => found.push(changed(a, b, path)),
    }
}

fn changed(from: &Value, to: &Value, path: &Path) -> Difference {
    let change = Change::Changed {
        from: from.clone(),
        to: to.clone(),
    };
    Difference {
        path: path.clone(),
        change,
    }
}

fn objects(
    a: &Map<String, Value>,
    b: &Map<String, Value>,
    path: &Path,
    found: &mut Vec<Difference>,
) {
    for (name, from) in a {
        let path = path.to(Step::Member(name.clone()));
        match b.get(name) {
            Some(to) => compare(from, to, &path, found),
            None => found.push(Difference {
                path,
                change: Change::Removed(from.clone()),
            }),
        }
    }
    for (name, to) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
        found.push(Difference {
            path: path.to(Step::Member(name.clone())),
            change: Change::Added(to.clone()),
        });
    }
}

fn lists(a: &[Value], b: &[Value], path: &Path, found: &mut Vec<Difference>) {
    let by_name = IDENTITIES
        .iter()
        .find_map(|members| Some((identify(a, members)?, identify(b, members)?)));
    if let Some((names_a, names_b)) = by_name {
        return named(a, &names_a, b, &names_b, path, found);
    }
    let objects = |list: &[Value]| list.iter().all(Value::is_object);
    if a.len() == b.len() && objects(a) && objects(b) {
        for (index, (from, to)) in a.iter().zip(b).enumerate() {
            compare(from, to, &path.to(Step::Index(index)), found);
        }
        return;
    }
    let from = Value::Array(a.to_vec());
    found.push(changed(&from, &Value::Array(b.to_vec()), path));
}

/// A name of each element, all different; `None` when one has none.
pub(super) fn identify(list: &[Value], members: &[&str]) -> Option<Vec<Vec<String>>> {
    let name = |element: &Value| -> Option<Vec<String>> {
        let parts = members.iter();
        parts
            .map(|member| Some(element.get(member)?.as_str()?.to_owned()))
            .collect()
    };
    let names: Vec<Vec<String>> = list.iter().map(name).collect::<Option<_>>()?;
    let distinct: BTreeSet<&Vec<String>> = names.iter().collect();
    (distinct.len() == names.len()).then_some(names)
}

fn named(
    a: &[Value],
    names_a: &[Vec<String>],
    b: &[Value],
    names_b: &[Vec<String>],
    path: &Path,
    found: &mut Vec<Difference>,
) {
    let mut order: Vec<&Vec<String>> = Vec::new();
    let stayed = names_b.iter().filter(|name| names_a.contains(name));
    for (name, from) in names_a.iter().zip(a) {
        let path = path.to(Step::Item(name.clone()));
        match names_b.iter().position(|other| other == name) {
            Some(index) => {
                order.push(name);
                compare(from, &b[index], &path, found);
            }
            None => found.push(Difference {
                path,
                change: Change::Removed(from.clone()),
            }),
        }
    }
    let moved = !order.iter().copied().eq(stayed);
    for (name, to) in names_b.iter().zip(b) {
        if !names_a.contains(name) {
            order.push(name);
            found.push(Difference {
                path: path.to(Step::Item(name.clone())),
                change: Change::Added(to.clone()),
            });
        }
    }
    if !order.iter().copied().eq(names_b) {
        let shown = |name: &Vec<String>| name.join(" ");
        found.push(Difference {
            path: path.clone(),
            change: Change::Reordered {
                from: order.into_iter().map(shown).collect(),
                to: names_b.iter().map(shown).collect(),
                moved,
            },
        });
    }
}

#[cfg(test)]
mod tests;
