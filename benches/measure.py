"""Measures whole processes, alternating between tools, and says what came of it.

Knows nothing of BuildKit: it is given commands. A run that fails ends the benchmark, since its
time would mean nothing.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field


@dataclass
class Command:
    """One tool's way to do the work: arguments, folder and environment."""

    argv: list
    cwd: str
    env: dict


@dataclass
class Series:
    """What was measured for one tool in one case: seconds and peak KiB, per run."""

    seconds: list = field(default_factory=list)
    peak_kib: list = field(default_factory=list)

    @property
    def median(self):
        return statistics.median(self.seconds)

    @property
    def peak_mib(self):
        """Median of the peaks, in MiB."""
        return statistics.median(self.peak_kib) / 1024


def run_once(command):
    """Runs the command to its end. Returns (seconds, peak KiB of its largest process).

    GNU time stands in between, a millisecond for either tool, because Linux counts what a process
    was before exec: started from here, no peak could be below that of this interpreter.
    """
    with tempfile.TemporaryFile() as log, tempfile.NamedTemporaryFile() as peak:
        argv = ["/usr/bin/time", "--quiet", "--format=%M", f"--output={peak.name}", *command.argv]
        start = time.perf_counter()
        done = subprocess.run(
            argv, cwd=command.cwd, env=command.env,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
        seconds = time.perf_counter() - start
        if done.returncode != 0:
            log.seek(0)
            tail = log.read().decode(errors="replace").splitlines()[-20:]
            raise SystemExit(
                "bench: {} (in {}) ended with {}:\n{}".format(
                    " ".join(command.argv), command.cwd, done.returncode, "\n".join(tail)
                )
            )
        return seconds, int(peak.read())


def alternate(commands, rounds, warm_ups, before=lambda tool: None):
    """Runs every command `rounds` times, taking turns, after `warm_ups` turns that do not count.

    commands: {tool: Command}. `before(tool)` runs before each run, outside the time taken.
    Turns start with another tool each round, so that neither always runs first.
    """
    series = {tool: Series() for tool in commands}
    order = list(commands)
    for turn in range(warm_ups + rounds):
        for tool in order:
            before(tool)
            seconds, peak = run_once(commands[tool])
            if turn >= warm_ups:
                series[tool].seconds.append(seconds)
                series[tool].peak_kib.append(peak)
        order.append(order.pop(0))
    return series


def measured(row, commands, **turns):
    """Fills a row of the report, and says meanwhile what it measures."""
    print(f"bench: {row.case}", file=sys.stderr, flush=True)
    row.series = alternate(commands, **turns)
    for name, series in row.series.items():
        print(f"  {name:12} {series.median * 1000:8.0f} ms {series.peak_mib:6.0f} MiB", file=sys.stderr, flush=True)
    return row
