//! `for` expressions.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::{Evaluator, Scope};
use crate::bake::diagnostic::Fault;
use crate::bake::syntax::{Expression, For};
use crate::bake::value::Value;

impl Evaluator<'_> {
    /// The keys and values of a collection, in the order in which bake walks them.
    pub(super) fn iterate(
        &self,
        collection: &Expression,
        scope: &Scope<'_>,
    ) -> Result<Vec<(Value, Value)>, Fault> {
        let value = self.evaluate(collection, scope)?;
        if value.is_null() {
            return Err(Fault::new(collection.range, "cannot iterate over null"));
        }
        value.entries().ok_or_else(|| {
            Fault::new(
                collection.range,
                format!(
                    "cannot iterate over a {}: a list, map or object is required",
                    value.kind()
                ),
            )
        })
    }

    pub(super) fn for_expression(&self, parsed: &For, scope: &Scope<'_>) -> Result<Value, Fault> {
        let mut elements = Vec::new();
        let mut attributes: BTreeMap<String, Value> = BTreeMap::new();
        let mut groups: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        for (key, value) in self.iterate(&parsed.collection, scope)? {
            let mut names = BTreeMap::from([(parsed.value.clone(), value)]);
            if let Some(name) = &parsed.key {
                names.insert(name.clone(), key);
            }
            let scope = scope.child(names);
            if let Some(condition) = &parsed.condition
                && !self.condition(condition, &scope)?
            {
                continue;
            }
            let Some(key) = &parsed.result_key else {
                elements.push(self.evaluate(&parsed.result, &scope)?);
                continue;
            };
            let name = self.key(key, &scope)?;
            let value = self.evaluate(&parsed.result, &scope)?;
            if parsed.grouping {
                groups.entry(name).or_default().push(value);
                continue;
            }
            match attributes.entry(name) {
                Entry::Vacant(slot) => drop(slot.insert(value)),
                Entry::Occupied(slot) => {
                    let message = format!("the key {:?} is produced twice", slot.key());
                    return Err(Fault::new(key.range, message)
                        .help("write `...` after the value to group the values of one key"));
                }
            }
        }
        Ok(match (&parsed.result_key, parsed.grouping) {
            (None, _) => Value::Tuple(elements),
            (Some(_), false) => Value::Object(attributes),
            (Some(_), true) => Value::Object(
                groups
                    .into_iter()
                    .map(|(name, values)| (name, Value::Tuple(values)))
                    .collect(),
            ),
        })
    }
}
