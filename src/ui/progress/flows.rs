//! The lines of a picture that say what is on the move: contexts, layers and pushes.

use crate::ui::measure;

use super::line::{Line, Tone};
use super::model::Model;
use super::picture::Glyphs;
use super::step::{Progress, Step};
use super::transfer::Flow;

/// Columns of a bar.
const BAR: usize = 24;

/// What is on the move, over all solves.
pub(super) fn lines(model: &Model, glyphs: Glyphs) -> Vec<Line> {
    let label = |text: &str| Line::default().with(Tone::Quiet, format!("  {text:<9}"));
    let mut lines = Vec::new();
    let context = Sum::of(model, Flow::Context);
    if context.open > 0 && context.current > 0 {
        let sent = measure::bytes(context.current);
        lines.push(label("context").with(Tone::Normal, format!("{sent} sent")));
    }
    for (flow, name) in [(Flow::Pull, "layers"), (Flow::Extract, "unpacking")] {
        let sum = Sum::of(model, flow);
        if sum.open > 0 && sum.total > 0 {
            let amount = format!(
                "  {} / {}",
                measure::bytes(sum.current),
                measure::bytes(sum.total)
            );
            let (full, empty) = bar(sum.current, sum.total, glyphs);
            lines.push(
                label(name)
                    .with(Tone::Active, full)
                    .with(Tone::Quiet, empty)
                    .with(Tone::Normal, amount),
            );
        }
    }
    if let Some((current, total)) = model.layers.moving() {
        let amount = format!("  {} / {}", measure::bytes(current), measure::bytes(total));
        let (full, empty) = bar(current, total, glyphs);
        lines.push(
            label("indexing")
                .with(Tone::Active, full)
                .with(Tone::Quiet, empty)
                .with(Tone::Normal, amount),
        );
    }
    let push = Sum::of(model, Flow::Push);
    if push.open > 0 {
        let (full, empty) = bar(push.count - push.open, push.count, glyphs);
        let amount = format!("  {} of {}", push.count - push.open, push.count);
        lines.push(
            label("pushes")
                .with(Tone::Active, full)
                .with(Tone::Quiet, empty)
                .with(Tone::Normal, amount),
        );
    }
    lines
}

/// Transfers of one kind in steps that run, taken together.
#[derive(Debug, Default)]
struct Sum {
    count: u64,
    open: u64,
    current: u64,
    total: u64,
}

impl Sum {
    fn of(model: &Model, flow: Flow) -> Self {
        // Pushes are counted over the whole run; bytes only while their step runs.
        let counted = |step: &&Step| flow == Flow::Push || step.progress() == Progress::Running;
        let transfers = model
            .steps
            .iter()
            .filter(counted)
            .flat_map(|step| &step.transfers);
        let mut sum = Self::default();
        for transfer in transfers.filter(|transfer| transfer.flow == flow) {
            sum.count += 1;
            sum.open += u64::from(!transfer.completed);
            sum.current += transfer.current;
            sum.total += transfer.total.max(transfer.current);
        }
        sum
    }
}

fn bar(current: u64, total: u64, glyphs: Glyphs) -> (String, String) {
    let width = BAR as u64;
    let full = (current.min(total) * width)
        .checked_div(total)
        .unwrap_or_default();
    let full = usize::try_from(full).unwrap_or(BAR);
    (glyphs.full.repeat(full), glyphs.empty.repeat(BAR - full))
}

#[cfg(test)]
mod tests {
    use launchway_buildkit::{StatusUpdate, Vertex, VertexStatus};

    use crate::release::{Event, SolveName, SolveStep};
    use crate::ui::style::Style;

    use super::*;

    fn status(id: &str, current: i64, total: i64, completed: bool) -> VertexStatus {
        VertexStatus {
            id: id.to_owned(),
            vertex: "v".to_owned(),
            current,
            total,
            completed: completed.then_some(std::time::SystemTime::UNIX_EPOCH),
            ..VertexStatus::default()
        }
    }

    fn shown(statuses: Vec<VertexStatus>) -> Vec<String> {
        let mut model = Model::default();
        let event = Event::SolveProgress {
            solve: SolveName {
                target: "web".to_owned(),
                platform: None,
            },
            step: SolveStep::Evaluate,
            update: StatusUpdate {
                vertexes: vec![Vertex {
                    digest: "v".to_owned(),
                    name: "[1/2] FROM base".to_owned(),
                    started: Some(std::time::SystemTime::UNIX_EPOCH),
                    ..Vertex::default()
                }],
                statuses,
                ..StatusUpdate::default()
            },
        };
        model.apply(&event, std::time::Duration::ZERO);
        let lines = lines(&model, Glyphs::ASCII);
        lines.iter().map(|line| line.render(Style::PLAIN)).collect()
    }

    #[test]
    fn layers_are_summed_up() {
        let statuses = vec![
            status("sha256:aa", 25_000_000, 50_000_000, false),
            status("sha256:bb", 25_000_000, 50_000_000, true),
        ];
        assert_eq!(
            shown(statuses),
            ["  layers   ##################......  75.0 MB / 100.0 MB"]
        );
    }

    #[test]
    fn pushes_are_counted_and_contexts_only_measured() {
        let statuses = vec![
            status("transferring context:", 1_500_000, 0, false),
            status("pushing layers", 0, 0, true),
            status("pushing manifest for r/x", 0, 0, false),
        ];
        assert_eq!(
            shown(statuses),
            [
                "  context  1.5 MB sent",
                "  pushes   ############............  1 of 2"
            ]
        );
    }

    #[test]
    fn what_is_over_is_not_shown() {
        assert!(shown(vec![status("sha256:aa", 10, 10, true)]).is_empty());
        assert!(shown(vec![status("pushing layers", 0, 0, true)]).is_empty());
    }
}
