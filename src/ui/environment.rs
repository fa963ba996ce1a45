//! Environments for people: the list of them, and what differs between two, by path and readable
//! at 80 columns. `--format json` has the same values.

use std::fmt::Write as _;

use serde_json::Value;

use super::Style;
use super::measure::{self, printable};
use crate::config::Environment;
use crate::environment::{Kind, Path, Report, Shown};

/// Columns that lines are kept in, where they can be.
const COLUMNS: usize = 80;
/// Columns before the values of a difference that has a line for each.
const INDENT: usize = 6;

/// The environments and the variables that each sets.
pub fn environment_table(environments: &[Environment], style: Style) -> String {
    let names = environments.iter().map(|one| measure::width(&one.name));
    let width = names.max().unwrap_or_default().max("NAME".len());
    let mut text = String::new();
    let heading = format!("{}  SETS", measure::pad("NAME", width));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}", style.bold(heading));
    for one in environments {
        let variables = match one.variables.as_slice() {
            [] => vec![style.dim("nothing: the defaults")],
            variables => wrap_words(variables, COLUMNS.saturating_sub(width + 2)),
        };
        for (index, line) in variables.iter().enumerate() {
            let name = if index == 0 { one.name.as_str() } else { "" };
            let _ = writeln!(text, "{}  {line}", measure::pad(name, width));
        }
    }
    text
}

/// Words with commas between them, in lines of so many columns.
fn wrap_words(words: &[String], columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (index, word) in words.iter().enumerate() {
        let comma = if index + 1 < words.len() { "," } else { "" };
        let word = format!("{word}{comma}");
        match lines.last_mut() {
            Some(line) if line.is_empty() => *line = word,
            Some(line) if measure::width(line) + 1 + measure::width(&word) <= columns => {
                line.push(' ');
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

/// What differs between two environments, grouped by what it is about.
pub fn environment_differences(report: &Report, style: Style) -> String {
    let Report {
        from,
        to,
        differences,
    } = report;
    if differences.is_empty() {
        return format!("{from} and {to} do not differ.\n");
    }
    let mut text = String::new();
    let number = measure::count(differences.len(), "difference");
    let _ = writeln!(text, "{from} -> {to}: {number}");
    let mut above = None;
    for difference in differences {
        let (heading, path) = place(&difference.path);
        if above.as_ref() != Some(&heading) {
            let _ = writeln!(text, "\n{}", style.bold(&heading));
            above = Some(heading);
        }
        push(&mut text, &path, difference, style);
    }
    text
}

/// The heading that a difference stands under, and its path from there.
fn place(path: &Path) -> (String, String) {
    let names: Vec<&str> = path.0.iter().map_while(|step| step.name()).collect();
    let (heading, steps) = match names.as_slice() {
        ["variables", ..] => ("Variables".to_owned(), 1),
        ["plan", "targets", _, ..] => ("Plan".to_owned(), 2),
        ["plan", ..] => ("Plan".to_owned(), 1),
        ["settings", ..] => ("Settings".to_owned(), 1),
        ["handoff", service, file, ..] => (format!("Hand-off {service}/{file}"), 3),
        ["handoff", ..] => ("Hand-off".to_owned(), 1),
        _ => ("Other".to_owned(), 0),
    };
    match path.after(steps).to_string() {
        rest if rest.is_empty() => (heading, "(content)".to_owned()),
        rest => (heading, rest),
    }
}

fn push(text: &mut String, path: &str, difference: &Shown, style: Style) {
    let mark = match difference.kind {
        Kind::Added => style.green("+"),
        Kind::Removed => style.red("-"),
        Kind::Changed | Kind::Reordered => style.yellow("~"),
    };
    let path = printable(path);
    let line = |rest: &str| format!("  {mark} {path}{rest}");
    if difference.secret {
        let what = match difference.kind {
            Kind::Added | Kind::Removed => ": a secret",
            Kind::Changed | Kind::Reordered => ": a secret, differs",
        };
        let _ = writeln!(text, "{}", line(what));
        return;
    }
    let values = [
        (
            &difference.from,
            "-",
            Style::red as fn(Style, String) -> String,
        ),
        (
            &difference.to,
            "+",
            Style::green as fn(Style, String) -> String,
        ),
    ];
    let compact: Vec<String> = values
        .iter()
        .filter_map(|(value, ..)| Some(printable(&value.as_ref()?.to_string())))
        .collect();
    let compact = compact.join(" -> ");
    let order = match difference.kind {
        Kind::Reordered => " (order)",
        _ => "",
    };
    // The mark and the blanks around it, the path, a colon and a blank.
    let columns = 4 + measure::width(&path) + order.len() + 2 + measure::width(&compact);
    if columns <= COLUMNS {
        let _ = writeln!(text, "{}", line(&format!("{order}: {compact}")));
        return;
    }
    let _ = writeln!(text, "{}", line(order));
    for (value, mark, paint) in values {
        let Some(value) = value else { continue };
        for (index, part) in lines(value).into_iter().enumerate() {
            let mark = if index == 0 { mark } else { " " };
            let part = format!("{mark} {part}");
            let _ = writeln!(text, "{:INDENT$}{}", "", paint(style, part));
        }
    }
}

/// A value in as many lines as it needs: on one, or objects and lists with a line for each member.
fn lines(value: &Value) -> Vec<String> {
    let room = COLUMNS - INDENT - 2;
    let compact = printable(&value.to_string());
    let whole = if measure::width(&compact) <= room || !(value.is_object() || value.is_array()) {
        compact
    } else {
        serde_json::to_string_pretty(value).unwrap_or(compact)
    };
    whole
        .lines()
        .flat_map(|line| wrap(&printable(line), room))
        .collect()
}

/// A line in pieces of so many columns, later ones further in; nothing is left out, for the
/// difference may be at the end.
fn wrap(line: &str, columns: usize) -> Vec<String> {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    // Deeper than this there would be no room for anything else.
    let further = " ".repeat((blanks + 2).min(columns / 2));
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for character in line.chars() {
        let width = measure::width(character.encode_utf8(&mut [0; 4]));
        if used + width > columns {
            pieces.push(further.clone());
            used = further.len();
        }
        used += width;
        if let Some(piece) = pieces.last_mut() {
            piece.push(character);
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn differences_read_well_at_eighty_columns() {
        let a = json!({
            "variables": {"account": "111111111111", "token": "one-token"},
            "plan": {"targets": {"web": {"tags": ["dev"]}}},
            "handoff": {"shop": {"taskdef.json": {
                "containerDefinitions": [{"name": "web", "image":
                    "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop-web@sha256:…"}],
            }, "appspec.yml": "version: 1\n\u{1b}[31m"}},
        });
        let b = json!({
            "variables": {"account": "222222222222", "token": "two-token"},
            "plan": {"targets": {"web": {"tags": ["production"]}}},
            "handoff": {"shop": {"taskdef.json": {
                "containerDefinitions": [{"name": "web", "image":
                    "222222222222.dkr.ecr.ap-northeast-1.amazonaws.com/shop-web@sha256:…"},
                    {"name": "log", "image": "public.ecr.aws/aws-observability/fluent:stable",
                     "essential": true}],
            }, "appspec.yml": "version: 2\n"}},
        });
        let report = Report::new(("dev", &a), ("production", &b));
        let text = environment_differences(&report, Style::PLAIN);
        insta::assert_snapshot!(text, @r#"
        dev -> production: 6 differences

        Variables
          ~ account: "111111111111" -> "222222222222"
          ~ token: a secret, differs

        Plan
          ~ web.tags: ["dev"] -> ["production"]

        Hand-off shop/taskdef.json
          ~ containerDefinitions[web].image
              - "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/shop-web@sha256:…"
              + "222222222222.dkr.ecr.ap-northeast-1.amazonaws.com/shop-web@sha256:…"
          + containerDefinitions[log]
              + {
                  "name": "log",
                  "image": "public.ecr.aws/aws-observability/fluent:stable",
                  "essential": true
                }

        Hand-off shop/appspec.yml
          ~ (content): "version: 1\n\u001b[31m" -> "version: 2\n"
        "#);
        assert!(text.lines().all(|line| measure::width(line) <= COLUMNS));
    }

    #[test]
    fn nothing_is_cut_off() {
        let long = |end: &str| json!({"variables": {"x": format!("{}{end}", "a".repeat(200))}});
        let report = Report::new(("a", &long("1")), ("b", &long("2")));
        let text = environment_differences(&report, Style::PLAIN);
        assert!(text.contains("1\"") && text.contains("2\""), "{text}");
        assert!(text.lines().all(|line| measure::width(line) <= COLUMNS));
    }

    #[test]
    fn the_list_wraps() {
        let one = |name: &str, variables: &[&str]| Environment {
            name: name.to_owned(),
            variables: variables.iter().map(|name| (*name).to_owned()).collect(),
        };
        let many = ["a_rather_long_name_of_a_variable"; 4];
        let table = environment_table(&[one("dev", &[]), one("production", &many)], Style::PLAIN);
        insta::assert_snapshot!(table, @r"
        NAME        SETS
        dev         nothing: the defaults
        production  a_rather_long_name_of_a_variable, a_rather_long_name_of_a_variable,
                    a_rather_long_name_of_a_variable, a_rather_long_name_of_a_variable
        ");
    }
}
