//! Paths, by their text alone.

use super::{Arguments, Context, Function, Problem, fixed};
use crate::bake::context::clean;
use crate::bake::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    fixed("basename", 1, |_, mut a| {
        Ok(Value::string(base(&a.string(0)?)))
    }),
    fixed("dirname", 1, |_, mut a| {
        Ok(Value::String(directory(&a.string(0)?)))
    }),
    fixed("homedir", 0, home),
];

fn base(path: &str) -> &str {
    let trimmed = path.trim_end_matches('/');
    match (path.is_empty(), trimmed.is_empty()) {
        (true, _) => ".",
        (false, true) => "/",
        (false, false) => trimmed.rsplit('/').next().unwrap_or(trimmed),
    }
}

fn directory(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |slash| slash + 1);
    clean(&path[..end])
}

fn home(context: &Context<'_>, _: Arguments) -> Result<Value, Problem> {
    match context
        .environment
        .get("HOME")
        .filter(|home| !home.is_empty())
    {
        Some(home) => Ok(Value::string(home)),
        None => Err(Problem::call("the environment variable HOME is not set")),
    }
}
