"""Launchway beside `docker buildx bake`, on one daemon."""

import random
import shutil

from measure import measured
from parts import ROOT
from report import Report, Row

NOTES = [
    "buildx runs with `--provenance=false`: its default attestation carries times, so that every run would push new manifests. Launchway writes none unless asked.",
    "`release` does more than `bake --push`: it compares with the baseline, writes the record and the hand-off, and keeps the registry cache.",
    "In the cold cases the daemon's whole cache is pruned before each run (not timed), so that the context is sent again, and both runs contain the daemon's own work: the base image is pulled, files are copied, a step counts them.",
    "The contexts of both tools are read from the page cache: this measures programs, not disks.",
]

BULKY_BAKE = """
variable "REGISTRY" {}
variable "TAG" {}

target "default" {
  args = { BASE = "${REGISTRY}/base/busybox:stable" }
  tags = ["${REGISTRY}/bulky:${TAG}"]
}
"""

BULKY_DOCKERFILE = """
ARG BASE
FROM ${BASE} AS source
COPY . /src
RUN find /src -type f | wc -l > /count
FROM ${BASE}
COPY --from=source /count /count
"""


def shop_project(bench):
    folder = bench.work / "shop"
    shutil.copytree(ROOT / "testdata/projects/shop", folder)
    return bench.repository(folder)


def bulky_project(bench, files):
    """A project with many small files: the same ones in every run."""
    folder = bench.work / "bulky"
    chance = random.Random(20_000)
    for number in range(files):
        path = folder / f"src/{number % 200:03}/file-{number:05}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(chance.randbytes(chance.randrange(200, 4000)))
    (folder / "Dockerfile").write_text(BULKY_DOCKERFILE)
    (folder / "docker-bake.hcl").write_text(BULKY_BAKE)
    (folder / ".dockerignore").write_text(".git\nlaunchway-out\n")
    return bench.repository(folder)


def cases(bench, options):
    """Yields a Row per case."""
    shop = shop_project(bench)
    three = ["web", "rp", "api"]
    warm = {"rounds": options.rounds, "warm_ups": 2}
    yield measured(Row("nothing changed, 3 targets × 2 platforms, `bake --push`", "launchway", 0.7), {
        "launchway": bench.launchway(shop, "bake", "--push", *three),
        "buildx": bench.buildx(shop, *three),
    }, **warm)
    five = measured(Row("nothing changed, 5 targets × 2 platforms, `bake --push`", "launchway", 0.7), {
        "launchway": bench.launchway(shop, "bake", "--push"),
        "release": bench.launchway(shop, "release"),
        "buildx": bench.buildx(shop),
    }, **warm)
    yield five
    yield Row("nothing changed, 5 targets × 2 platforms, `release` beside `bake --push`", "release", 0.7, five.series)

    bulky = bulky_project(bench, options.files)
    pair = {"launchway": bench.launchway(bulky, "bake", "--push"), "buildx": bench.buildx(bulky)}
    yield measured(Row(f"context of {options.files:,} files, unchanged", "launchway", 0.7), pair, **warm)
    yield measured(Row(f"context of {options.files:,} files, cold daemon", "launchway", 1.0), pair,
                   rounds=options.cold_rounds, warm_ups=1, before=lambda _: bench.prune())


def report(bench, options):
    """Runs the cases."""
    return Report(
        title="Launchway and buildx on one daemon",
        intro="Whole processes, taking turns, on the same BuildKit daemon and registry.",
        peer="buildx",
        memory_goal=0.5,
        rows=list(cases(bench, options)),
        notes=NOTES,
    )
