//! The question before a removal: on a terminal, and nowhere else.

use super::plain::{PlainStage, RULES};
use crate::support::terminal::{asked, unasked};

const QUESTION: &str = "from 1 repository? [y/N]";

#[test]
fn on_a_terminal_it_asks_and_anything_but_yes_is_no() {
    let stage = PlainStage::new(RULES);
    for keys in ["n\n", "\n", "yep\n", "\x04"] {
        let outcome = asked(stage.command(&["--apply"]), QUESTION, keys);
        outcome.assert_failed(130, &["shop/app", "Nothing was removed.", "cancelled"]);
        assert_eq!(outcome.stdout, "");
        stage.assert_untouched(&format!("{keys:?}"));
    }
    // A saved plan asks just so.
    stage.succeed(&["--output", "plan.json"]);
    let saved = ["--apply", "--plan", "plan.json"];
    let outcome = asked(stage.command(&saved), QUESTION, "n\n");
    outcome.assert_failed(130, &["Nothing was removed."]);
    stage.assert_untouched("a saved plan");

    let outcome = asked(stage.command(&["--apply"]), QUESTION, "yes\n");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("shop/app"), "{}", outcome.stdout);
    assert_eq!(stage.tags(), ["v1".to_owned()].into());

    // Where nothing goes, there is nothing to ask.
    let outcome = unasked(stage.command(&["--apply"]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("Nothing was removed."));
}

#[test]
fn yes_is_an_answer_and_so_is_no_terminal() {
    for arguments in [&["--apply", "--yes"][..], &["--apply", "-y", "--quiet"]] {
        let stage = PlainStage::new(RULES);
        let outcome = unasked(stage.command(arguments));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("[y/N]"), "{}", outcome.stderr);
        assert_eq!(stage.tags(), ["v1".to_owned()].into(), "{arguments:?}");
    }
    // A job of a pipeline has no terminal.
    let stage = PlainStage::new(RULES);
    let outcome = stage.succeed(&["--apply"]);
    assert!(!outcome.stderr.contains("[y/N]"), "{}", outcome.stderr);
    assert_eq!(stage.tags(), ["v1".to_owned()].into());
}

#[test]
fn a_question_that_cannot_be_heard_is_no_yes() {
    let stage = PlainStage::new(RULES);
    for silent in [
        &["--quiet"][..],
        &["--progress", "quiet"],
        &["--progress", "rawjson"],
    ] {
        let outcome = unasked(stage.command(&[&["--apply"], silent].concat()));
        outcome.assert_failed(2, &["--apply asks before it removes", "--yes"]);
        stage.assert_untouched(&format!("{silent:?}"));
    }
}
