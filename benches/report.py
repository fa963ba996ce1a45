"""Writes measurements as Markdown: one table of times, one of memory."""

import os
import platform
from dataclasses import dataclass, field


@dataclass
class Row:
    """One case: what was run, which tool is judged, what is aimed at (ratio to the peer, or None).

    series is {tool: Series}. `peer` and `memory_goal` replace those of the report, whose peer then is a heading only; a memory goal of 0 is none.
    """

    case: str
    tool: str
    goal: float
    series: dict = field(default_factory=dict)
    peer: str = None
    memory_goal: float = None
    memory: bool = True


@dataclass
class Report:
    """All cases of one kind, beside one peer. `more` is Markdown before the notes, by lines."""

    title: str
    intro: str
    peer: str
    memory_goal: float
    rows: list
    notes: list
    more: list = field(default_factory=list)


def duration(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def verdict(ratio, goal):
    if goal is None:
        return ""
    return f"{'met' if ratio <= goal else '**missed**'} (≤ {goal})"


def markdown(report, versions):
    """The whole report. versions: {name: version}."""
    lines = [
        f"# {report.title}",
        "",
        f"Written by `make bench`. {report.intro} Median of the runs, with the fastest and the slowest.",
        "The ratio is Launchway's median over the peer's; lower is better.",
        "",
        f"Machine: {os.cpu_count()} cores, Linux, {platform.machine()}; "
        f"load over the last 15 minutes, this benchmark included: {os.getloadavg()[2]:.1f}. "
        + " · ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "",
        "## Time",
        "",
        f"| case | runs | Launchway | {report.peer} | ratio | goal |",
        "|---|---|---|---|---|---|",
    ]

    def cell(series):
        return f"{duration(series.median)} ({duration(min(series.seconds))} – {duration(max(series.seconds))})"

    def pair(row):
        return row.series[row.tool], row.series[row.peer or report.peer]

    for row in report.rows:
        ours, theirs = pair(row)
        ratio = ours.median / theirs.median
        lines.append(
            f"| {row.case} | {len(ours.seconds)} | {cell(ours)} | {cell(theirs)} | {ratio:.2f} | {verdict(ratio, row.goal)} |"
        )
    lines += [
        "",
        "## Peak memory",
        "",
        "The largest process of each run (`ru_maxrss`), median.",
        "",
        f"| case | Launchway | {report.peer} | ratio | goal |",
        "|---|---|---|---|---|",
    ]
    for row in report.rows:
        if not row.memory:
            continue
        ours, theirs = pair(row)
        ratio = ours.peak_mib / theirs.peak_mib
        goal = report.memory_goal if row.memory_goal is None else row.memory_goal or None
        lines.append(
            f"| {row.case} | {ours.peak_mib:.0f} MiB | {theirs.peak_mib:.0f} MiB | {ratio:.2f} | {verdict(ratio, goal)} |"
        )
    lines += [*report.more, "", "## Notes", ""] + [f"- {note}" for note in report.notes] + [""]
    return "\n".join(lines)
