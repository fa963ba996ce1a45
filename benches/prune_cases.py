"""Prune: a plan over half a million manifests, beside a sequential client of the same API.

ECR is the fake of fakes/ecr, which answers each call after a delay, as over a network; it counts the calls.
"""

import json
import os
import subprocess
import urllib.request
from pathlib import Path

from measure import Command, measured
from parts import LAUNCHWAY, PARTS, ROOT
from report import Report, Row

FAKE = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release/launchway-fake-ecr"
PYTHON = PARTS / "venv/bin/python3"
DAYS = 400

RULES = """
prune {
  keep_releases = 10
  expire        = "90d"
  cache_expire  = "30d"
  repository "bench/*" {}
}
"""

NOTES = [
    "The fake is one process beside the tool that is measured, on the same cores. It makes its manifests when they are asked for, so a part of the time is its own.",
    "The sequential client (`benches/prune_peer.py`) is boto3, with pages of 1000 and a hundred indexes per request. It reads indexes and nothing else: it would delete attestations' subjects and signatures apart from each other, and it knows of no use but task definitions.",
    "Launchway also reads what is in use in Lambda, EventBridge, Scheduler and Batch (all empty here), every repository's lifecycle policy, and every manifest that may refer to others (signatures, SBOMs, attestations, caches), and has a reason for each image.",
    "A real ECR throttles: `launchway prune` goes as fast as it is let, and backs off. The fake here has no limit.",
]


class Server:
    """A process that prints its URL first."""

    def __init__(self, *argv):
        self.process = subprocess.Popen([str(word) for word in argv], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise SystemExit(f"bench: {argv[0]} did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)


def stats(url):
    with urllib.request.urlopen(f"{url}/stats") as answer:
        return json.load(answer)


def calls_of(snapshots):
    """{tool: {operation: calls of one run}}, from the counts before each run and at the end."""
    found = {}
    for (tool, before), (_, after) in zip(snapshots, snapshots[1:]):
        found[tool] = {
            name: count - before["calls"].get(name, 0)
            for name, count in after["calls"].items()
            if count != before["calls"].get(name, 0)
        }
    return found


def table(calls):
    """The calls as Markdown."""
    operations = sorted({name for counts in calls.values() for name in counts})
    lines = ["", "## Calls of ECR's API", "", "One run, repetitions included.", "",
             "| operation | Launchway | sequential |", "|---|---|---|"]
    for name in operations:
        lines.append(f"| {name} | {calls['launchway'].get(name, 0)} | {calls['sequential'].get(name, 0)} |")
    total = {tool: sum(counts.values()) for tool, counts in calls.items()}
    return [*lines, f"| all | {total['launchway']} | {total['sequential']} |"]


def report(bench, options):
    folder = bench.work / "prune"
    folder.mkdir()
    (folder / "launchway.hcl").write_text(RULES)
    repositories, manifests = options.repositories, options.manifests
    fake = Server(FAKE, "--repositories", repositories, "--manifests", manifests,
                  "--days", DAYS, "--delay-ms", options.delay_ms)
    with fake, Server(PYTHON, ROOT / "benches/prune_aws.py", repositories) as aws:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "AWS_ENDPOINT_URL": aws.url,
            "AWS_ENDPOINT_URL_ECR": fake.url,
            "AWS_REGION": "ap-northeast-1",
            "AWS_DEFAULT_REGION": "ap-northeast-1",
            "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "example",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        commands = {
            "launchway": Command([str(LAUNCHWAY), "prune"], str(folder), env),
            "sequential": Command([str(PYTHON), str(ROOT / "benches/prune_peer.py")], str(folder), env),
        }
        snapshots = []
        case = f"plan, {repositories} repositories of {manifests} manifests"
        row = measured(Row(case, "launchway", 0.5, memory_goal=0), commands, rounds=options.prune_rounds,
                       warm_ups=0, before=lambda tool: snapshots.append((tool, stats(fake.url))))
        snapshots.append((None, stats(fake.url)))
    calls = calls_of(snapshots)
    peak = snapshots[-1][1]["peakConcurrency"]
    notes = [*NOTES, f"At most {peak} calls were open at once."]
    intro = (f"A plan (`launchway prune`, nothing deleted) beside a sequential client, against the ECR fake: "
             f"{repositories} repositories, {repositories * manifests} manifests of {DAYS} days, "
             f"each call answered {options.delay_ms} ms later than it could be.")
    return Report("Prune", intro, "sequential", None, [row], notes, table(calls))
