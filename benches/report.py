"""Writes measurements as Markdown: one table of times, one of memory."""

import os
import platform
from dataclasses import dataclass


@dataclass
class Row:
    """One case: what was run, what is aimed at (ratio to buildx, or None), {tool: Series}."""

    case: str
    tool: str
    goal: float
    series: dict


def duration(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def verdict(ratio, goal):
    if goal is None:
        return ""
    return f"{'met' if ratio <= goal else '**missed**'} (≤ {goal})"


def markdown(rows, versions, notes, memory_goal):
    """The whole report. versions: {name: version}; notes: list of sentences."""
    lines = [
        "# Launchway and buildx on one daemon",
        "",
        "Written by `make bench`: whole processes, taking turns, on the same BuildKit daemon and registry. Median of the",
        "runs, with the fastest and the slowest. The ratio is Launchway's median over buildx's; lower is better.",
        "",
        f"Machine: {os.cpu_count()} cores, Linux {platform.release()}, {platform.machine()}; "
        f"load over the last 15 minutes, this benchmark included: {os.getloadavg()[2]:.1f}. "
        + " · ".join(f"{name} {version}" for name, version in versions.items()) + ".",
        "",
        "## Time",
        "",
        "| case | runs | Launchway | buildx | ratio | goal |",
        "|---|---|---|---|---|---|",
    ]

    def cell(series):
        return f"{duration(series.median)} ({duration(min(series.seconds))} – {duration(max(series.seconds))})"

    for row in rows:
        ours, theirs = row.series[row.tool], row.series["buildx"]
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
        "| case | Launchway | buildx | ratio | goal |",
        "|---|---|---|---|---|",
    ]
    for row in rows:
        ours, theirs = row.series[row.tool], row.series["buildx"]
        ratio = ours.peak_mib / theirs.peak_mib
        lines.append(
            f"| {row.case} | {ours.peak_mib:.0f} MiB | {theirs.peak_mib:.0f} MiB | {ratio:.2f} | {verdict(ratio, memory_goal)} |"
        )
    lines += ["", "## Notes", ""] + [f"- {note}" for note in notes] + [""]
    return "\n".join(lines)
