//! Functions through expressions; what is compared with buildx itself is in testdata/bake.

use super::*;
use crate::bake::eval::{Evaluator, Inputs, Scope};
use crate::bake::module::Module;
use crate::bake::parse::parse_expression;
use crate::config::Source;

fn evaluate(text: &str) -> Result<String, String> {
    let environment = BTreeMap::new();
    let source = Source::default();
    let module = Module::default();
    let inputs = Inputs {
        chosen: None,
        trial: false,
        environment: &environment,
        source: &source,
        builtins: BTreeMap::new(),
        now: 1_700_000_000,
    };
    let evaluator = Evaluator::new(&module, inputs);
    let expression = parse_expression(text, 0).map_err(|fault| fault.message().to_owned())?;
    evaluator
        .evaluate(&expression, &Scope::root())
        .map(|value| json::encode(&value))
        .map_err(|fault| fault.message().to_owned())
}

#[test]
fn problems_are_named() {
    for (text, message) in [
        ("upper()", "upper takes 1 argument, and gets 0"),
        ("join(\",\")", "join takes 2 or more arguments, and gets 1"),
        ("upper(null)", "upper: this argument must not be null"),
        ("upper([])", "upper: string required, but have tuple"),
        ("nope(1)", "there is no function \"nope\""),
        (
            "cidrhost(1)",
            "the function \"cidrhost\" is known to bake but not available yet",
        ),
        ("element([], 0)", "element: the list is empty"),
        ("slice([1], 0, 5)", "slice: 5 is outside of the list of 1"),
        ("regex(\"(\", \"x\")", "regex: bad pattern: unclosed group"),
        ("regex(\"a\", \"x\")", "regex: the pattern does not match"),
        (
            "format(\"%d\", 1.5)",
            "format: %d: a whole number is required, and this is 1.5",
        ),
        (
            "format(\"%s\")",
            "format: \"%s\" needs argument 1, there are 0",
        ),
        (
            "format(\"%\")",
            "format: the format ends in the middle of a verb; write %% for %",
        ),
        (
            "jsondecode(\"{\")",
            "jsondecode: bad JSON at byte 2: expected a key in quotes, found the end of the file",
        ),
        (
            "base64decode(\"$\")",
            "base64decode: bad base64: Invalid symbol 36, offset 0.",
        ),
        (
            "homedir()",
            "homedir: the environment variable HOME is not set",
        ),
        (
            "formatdate(\"YYY\", \"2020-01-01T00:00:00Z\")",
            "formatdate: there is no format verb \"YYY\"",
        ),
        (
            "formatdate(\"YYYY\", \"now\")",
            "formatdate: \"now\" is no RFC 3339 time",
        ),
        ("range(0, 10000)", "range: these are more than 1024 numbers"),
        (
            "parseint(\"12\", 2)",
            "parseint: \"12\" is no whole number in base 2",
        ),
        (
            "concat([1], 2)",
            "concat: a list is required, and this is a number",
        ),
        (
            "[for x in 5: x]",
            "cannot iterate over a number: a list, map or object is required",
        ),
        (
            "try(nope, 1 + {})",
            "try: no argument could be evaluated; the last one: number required, but have object",
        ),
        ("[1][3]", "there is no element 3: the list has 1"),
        ("{a = 1}.b", "there is no attribute \"b\""),
        ("\"${null}\"", "null"),
        (
            "\"x${null}\"",
            "this is null, and a template cannot hold null",
        ),
        (
            "true ? [1] : \"x\"",
            "the results have different types: tuple and string",
        ),
    ] {
        match evaluate(text) {
            Ok(value) => assert_eq!(value, message, "{text}"),
            Err(found) => assert_eq!(found, message, "{text}"),
        }
    }
}

#[test]
fn every_name_of_bake_is_known_once() {
    let mut all: Vec<&str> = names().chain(LATER.iter().copied()).collect();
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count);
    assert_eq!(count, 106);
}

#[test]
fn the_clock_is_passed_in() {
    assert_eq!(evaluate("timestamp()").unwrap(), "\"2023-11-14T22:13:20Z\"");
}
