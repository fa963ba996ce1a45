//! `target.<name>.<attribute>`, `group.<name>.<attribute>`, `source.<fact>` and `environment.name`.
//!
//! A reference sees what the block itself says, before inheritance and `--set`, as in bake.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{Evaluator, Pending, Scope, Seen};
use crate::bake::attribute::{Field, Spec, decode};
use crate::bake::diagnostic::Fault;
use crate::bake::matrix::BlockKind;
use crate::bake::suggest::did_you_mean;
use crate::bake::syntax::Step;
use crate::bake::text::Range;
use crate::bake::value::Value;

impl Evaluator<'_> {
    /// Resolves the start of a traversal at `target` or `group`; says how many steps it took.
    pub(super) fn reference(
        &self,
        kind: &str,
        range: Range,
        steps: &[Step],
    ) -> Result<(Value, usize), Fault> {
        let Some(Step::Attribute(name, at)) = steps.first() else {
            return Err(
                Fault::new(range, format!("{kind:?} is followed by a name only"))
                    .help(format!("write {kind}.<name>.<attribute>")),
            );
        };
        let kind = if kind == "group" {
            BlockKind::Group
        } else {
            BlockKind::Target
        };
        let rows = self.rows.borrow();
        let found = rows
            .iter()
            .rposition(|row| row.kind == kind && row.name == *name);
        let Some(index) = found else {
            let known = rows
                .iter()
                .filter(|row| row.kind == kind)
                .map(|row| row.name.as_str());
            return Err(Fault::new(*at, format!("there is no {kind} {name:?}"))
                .maybe_help(did_you_mean(name, known)));
        };
        drop(rows);
        if let Some(Step::Attribute(attribute, at)) = steps.get(1) {
            return Ok((self.block_attribute(kind, index, name, attribute, *at)?, 2));
        }
        let mut values = BTreeMap::from([("name".to_owned(), Value::String(name.clone()))]);
        for spec in kind.specs() {
            let value = self.block_attribute(kind, index, name, spec.name, *at)?;
            values.insert(spec.name.to_owned(), value);
        }
        Ok((Value::Object(values), 1))
    }

    fn block_attribute(
        &self,
        kind: BlockKind,
        row: usize,
        name: &str,
        attribute: &str,
        range: Range,
    ) -> Result<Value, Fault> {
        if attribute == "name" {
            return Ok(Value::String(name.to_owned()));
        }
        let Some(spec) = kind.specs().iter().find(|spec| spec.name == attribute) else {
            let known = kind.specs().iter().map(|spec| spec.name);
            return Err(
                Fault::new(range, format!("a {kind} has no attribute {attribute:?}"))
                    .maybe_help(did_you_mean(attribute, known)),
            );
        };
        let pending = Pending::Attribute {
            row,
            path: format!("{kind}.{name}.{attribute}"),
            attribute: attribute.to_owned(),
        };
        let field = self.pending(pending, |path| self.cycle(path), || self.field(row, spec))?;
        Ok(spec.shape.to_value(field))
    }

    /// One attribute of one row, evaluated once. `None` when it is absent or null.
    pub(crate) fn field(&self, row: usize, spec: &'static Spec) -> Result<Option<Field>, Fault> {
        if let Some(field) = self.fields.borrow().get(&(row, spec.name)) {
            return Ok(field.clone());
        }
        let (block, names) = {
            let rows = self.rows.borrow();
            let Some(row) = rows.get(row) else {
                return Ok(None);
            };
            (row.block(self.module), row.names.clone())
        };
        let attribute = block.and_then(|block| block.body.attribute(spec.name));
        let field = match attribute {
            None => None,
            Some(attribute) => {
                let value = self.evaluate(&attribute.value, &Scope::with(names))?;
                decode(spec.shape, value).map_err(|problem| {
                    let range = problem.place(&attribute.value);
                    Fault::new(range, format!("{}: {}", spec.name, problem.message))
                })?
            }
        };
        self.fields
            .borrow_mut()
            .insert((row, spec.name), field.clone());
        Ok(field)
    }

    /// `source.<fact>`: a string, or an error that says what to set.
    pub(super) fn source_fact(
        &self,
        range: Range,
        steps: &[Step],
    ) -> Result<(Value, usize), Fault> {
        const FACTS: [&str; 6] = ["commit", "commit7", "commit8", "branch", "tag", "time"];
        self.saw(Seen::SOURCE);
        let source = self.inputs.source;
        let name = match steps.first() {
            Some(Step::Attribute(name, _)) => name.as_str(),
            _ => {
                return Err(Fault::new(range, "\"source\" is followed by a name only")
                    .help("write source.commit, source.branch, …"));
            }
        };
        let at = range.to(steps.first().map_or(range, Step::range));
        let commit = |length: usize| {
            source
                .commit
                .as_ref()
                .map(|commit| commit.chars().take(length).collect::<String>())
        };
        let (value, what) = match name {
            "commit" => (source.commit.clone(), "the commit"),
            "commit7" => (commit(7), "the commit"),
            "commit8" => (commit(8), "the commit"),
            "branch" => (source.branch.clone(), "the branch"),
            "tag" => (source.tag.clone(), "the git tag"),
            "time" => (
                source
                    .time
                    .and_then(|seconds| Timestamp::from_second(seconds).ok())
                    .map(|time| time.to_string()),
                "the commit's time",
            ),
            _ => {
                return Err(Fault::new(at, format!("\"source\" has no {name:?}")).help(
                    did_you_mean(name, FACTS)
                        .unwrap_or_else(|| format!("it has {}", FACTS.join(", "))),
                ));
            }
        };
        let Some(value) = value else {
            let fault = Fault::new(at, format!("{what} is not known here"));
            let reason = source.missing.trim();
            let fault = match (reason, source.commit.is_some()) {
                ("", _) | (_, true) => fault.help(match name {
                    "branch" => {
                        "no branch is checked out, and no CI variable names one; use \
                                 try(source.branch, \"…\") to go on without"
                    }
                    "tag" => {
                        "no git tag points at this commit; use try(source.tag, \"…\") to go \
                              on without"
                    }
                    _ => "run in a git work tree, or use try(…, \"…\") to go on without",
                }),
                (reason, false) => fault.help(reason),
            };
            return Err(fault);
        };
        Ok((Value::String(value), 1))
    }

    /// `environment.name`: the chosen environment, or an error that says how to choose one.
    pub(super) fn environment_fact(
        &self,
        range: Range,
        steps: &[Step],
    ) -> Result<(Value, usize), Fault> {
        self.saw(Seen::ENVIRONMENT);
        let at = range.to(steps.first().map_or(range, Step::range));
        match steps.first() {
            Some(Step::Attribute(name, _)) if name == "name" => {}
            Some(Step::Attribute(name, _)) => {
                return Err(Fault::new(at, format!("\"environment\" has no {name:?}"))
                    .help("it has name alone; the variables that it sets have their own names"));
            }
            _ => {
                return Err(
                    Fault::new(range, "\"environment\" is followed by a name only")
                        .help("write environment.name"),
                );
            }
        }
        let label = self.inputs.chosen.and_then(|block| block.labels.first());
        let Some(label) = label else {
            return Err(Fault::new(at, "no environment is chosen here").help(
                "choose one with --env NAME, or use try(environment.name, \"…\") to go on without",
            ));
        };
        Ok((Value::String(label.text.clone()), 1))
    }
}
