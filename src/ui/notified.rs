//! What became of notifications that were sent by hand, or what would be sent.

use std::fmt::Write as _;

use super::measure;
use super::style::Style;

/// A `notify` block, and what became of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notified {
    /// The block.
    pub name: String,
    /// Its `type`.
    pub kind: &'static str,
    /// The message's event, or none when the block has nothing to hear.
    pub event: Option<&'static str>,
    /// What became of it: an id, an error, or nothing to add.
    pub outcome: NotifyOutcome,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotifyOutcome {
    /// It was delivered; the service's id for it, if it has one.
    Sent(Option<String>),
    /// It was not delivered, and why.
    Failed(String),
    /// It is about images or services that the block does not hear of.
    Left,
}

/// One line for each block: `ops  slack  sent`.
pub fn notified_table(rows: &[Notified], style: Style) -> String {
    let width = |text: fn(&Notified) -> &str| {
        let widths = rows.iter().map(|row| measure::width(text(row)));
        widths.max().unwrap_or_default()
    };
    let (names, kinds) = (width(|row| &row.name), width(|row| row.kind));
    let mut table = String::new();
    for row in rows {
        let (mark, detail) = match &row.outcome {
            NotifyOutcome::Sent(id) => (style.green("sent"), id.clone().unwrap_or_default()),
            NotifyOutcome::Failed(why) => (style.red("not sent"), why.clone()),
            NotifyOutcome::Left => (style.dim("nothing for it"), String::new()),
        };
        let line = format!(
            "{}  {}  {mark}  {detail}",
            style.bold(measure::pad(&row.name, names)),
            measure::pad(row.kind, kinds),
        );
        let _ = writeln!(table, "{}", line.trim_end());
    }
    table
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;

    #[test]
    fn one_line_for_each_block() {
        let row = |name: &str, kind, outcome| Notified {
            name: name.to_owned(),
            kind,
            event: Some("success"),
            outcome,
        };
        let rows = [
            row("ops", "slack", NotifyOutcome::Sent(None)),
            row(
                "room",
                "chatwork",
                NotifyOutcome::Sent(Some("1234".to_owned())),
            ),
            row("日本", "sns", NotifyOutcome::Left),
            row(
                "script",
                "command",
                NotifyOutcome::Failed("./tell failed (exit status: 1)".to_owned()),
            ),
        ];
        assert_snapshot!(notified_table(&rows, Style::PLAIN), @r"
        ops     slack     sent
        room    chatwork  sent  1234
        日本    sns       nothing for it
        script  command   not sent  ./tell failed (exit status: 1)
        ");
    }
}
