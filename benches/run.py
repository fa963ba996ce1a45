"""The benchmarks of `make bench`: Launchway beside `docker buildx bake`, on one daemon.

Starts a registry and a buildkitd of its own (loopback and a Unix socket), builds the projects with
both tools once, then measures. Python's standard library only.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from measure import Command, alternate
from report import Row, markdown

ROOT = Path(__file__).resolve().parent.parent
PARTS = Path(os.environ.get("LAUNCHWAY_TEST_PARTS", ROOT / ".deps"))
LIBEXEC = Path(os.environ.get("LAUNCHWAY_LIBEXEC", ROOT / "dist/libexec/launchway"))
LAUNCHWAY = Path(os.environ.get("LAUNCHWAY_BIN", ROOT / "dist/bin/launchway"))
BUILDX = PARTS / "bin/buildx"

MEMORY_GOAL = 0.5
NOTES = [
    "buildx runs with `--provenance=false`: its default attestation carries times, so that every run would push new manifests. Launchway writes none unless asked.",
    "`release` does more than `bake --push`: it compares with the baseline, writes the record and the hand-off, and keeps the registry cache.",
    "In the cold cases the daemon's whole cache is pruned before each run (not timed), so that the context is sent again, and both runs contain the daemon's own work: the base image is pulled, files are copied, a step counts them.",
    "The contexts of both tools are read from the page cache: this measures programs, not disks.",
]

# buildkit/engine/buildkitd.toml explains these; garbage is not collected, so that runs compare.
BUILDKITD = """
root = "{folder}/root"
provenanceEnvDir = "{folder}/provenance.d"
[grpc]
  address = ["unix://{folder}/buildkitd.sock"]
[otel]
  socketPath = "{folder}/otel.sock"
[cdi]
  disabled = true
[worker.containerd]
  enabled = false
[worker.oci]
  networkMode = "host"
  gc = false
"""

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


class Bench:
    """The parts that all cases share: folders, daemon, registry, environments."""

    def __init__(self, work):
        self.work = work
        self.daemon = None
        self.registry_pid = None

    def start(self):
        self.registry = self.start_registry()
        self.socket = self.start_buildkitd()
        self.run([ROOT / "scripts/base-images.sh", self.registry])
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.work),
            "REGISTRY": self.registry,
        }
        self.buildx_env = {**self.env, "BUILDX_CONFIG": str(self.work / "buildx"), "TAG": "buildx"}
        self.launchway_env = {
            **self.env,
            "BUILDKIT_HOST": f"unix://{self.socket}",
            "LAUNCHWAY_STATE_DIR": str(self.work / "state"),
            "LAUNCHWAY_LIBEXEC": str(LIBEXEC),
            "TAG": "launchway",
        }
        self.run(
            [BUILDX, "create", "--name", "bench", "--driver", "remote", f"unix://{self.socket}"],
            env=self.buildx_env,
        )

    def run(self, argv, **options):
        done = subprocess.run(
            [str(word) for word in argv], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
        )
        if done.returncode != 0:
            raise SystemExit(f"bench: {' '.join(map(str, argv))} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout.strip()

    def start_registry(self):
        folder = self.work / "registry"
        address = self.run([ROOT / "scripts/local-registry.sh", folder])
        self.registry_pid = int((folder / "pid").read_text())
        return address

    def start_buildkitd(self):
        folder = self.work / "buildkit"
        folder.mkdir()
        socket = folder / "buildkitd.sock"
        config = folder / "buildkitd.toml"
        config.write_text(BUILDKITD.format(folder=folder))
        with open(folder / "log", "wb") as log:
            self.daemon = subprocess.Popen(
                [LIBEXEC / "buildkitd", "--config", config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )
        deadline = time.monotonic() + 30
        while not socket.exists():
            if self.daemon.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"bench: buildkitd did not start:\n{(folder / 'log').read_text()}")
            time.sleep(0.05)
        return socket

    def prune(self):
        """Empties the daemon's cache."""
        self.run([BUILDX, "prune", "--builder", "bench", "--all", "--force"], env=self.buildx_env)

    def stop(self):
        if self.daemon is not None:
            self.daemon.terminate()
            self.daemon.wait(timeout=30)
        if self.registry_pid is not None:
            os.kill(self.registry_pid, signal.SIGTERM)

    def launchway(self, folder, *words):
        return Command([str(LAUNCHWAY), *words], str(folder), self.launchway_env)

    def buildx(self, folder, *targets):
        words = ["bake", "--builder", "bench", "--push", "--provenance=false", "--progress=plain"]
        return Command([str(BUILDX), *words, *targets], str(folder), self.buildx_env)

    def repository(self, folder):
        """Makes the folder a git repository with one commit, as projects are."""
        git = ["git", "-C", folder, "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
        self.run([*git, "init", "--quiet"])
        self.run([*git, "add", "."])
        self.run([*git, "commit", "--quiet", "--message", "bench"])
        return folder

    def shop(self):
        folder = self.work / "shop"
        shutil.copytree(ROOT / "testdata/projects/shop", folder)
        return self.repository(folder)

    def bulky(self, files):
        """A project with many small files: the same ones in every run."""
        folder = self.work / "bulky"
        chance = random.Random(20_000)
        for number in range(files):
            path = folder / f"src/{number % 200:03}/file-{number:05}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(chance.randbytes(chance.randrange(200, 4000)))
        (folder / "Dockerfile").write_text(BULKY_DOCKERFILE)
        (folder / "docker-bake.hcl").write_text(BULKY_BAKE)
        (folder / ".dockerignore").write_text(".git\nlaunchway-out\n")
        return self.repository(folder)


def cases(bench, options):
    """Yields a Row per case."""
    shop = bench.shop()
    three = ["web", "rp", "api"]
    warm = {"rounds": options.rounds, "warm_ups": 2}
    yield measured("nothing changed, 3 targets × 2 platforms, `bake --push`", "launchway", 0.7, {
        "launchway": bench.launchway(shop, "bake", "--push", *three),
        "buildx": bench.buildx(shop, *three),
    }, **warm)
    five = measured("nothing changed, 5 targets × 2 platforms, `bake --push`", "launchway", 0.7, {
        "launchway": bench.launchway(shop, "bake", "--push"),
        "release": bench.launchway(shop, "release"),
        "buildx": bench.buildx(shop),
    }, **warm)
    yield five
    yield Row("nothing changed, 5 targets × 2 platforms, `release` beside `bake --push`", "release", 0.7, five.series)

    bulky = bench.bulky(options.files)
    pair = {"launchway": bench.launchway(bulky, "bake", "--push"), "buildx": bench.buildx(bulky)}
    yield measured(f"context of {options.files:,} files, unchanged", "launchway", 0.7, pair, **warm)
    yield measured(f"context of {options.files:,} files, cold daemon", "launchway", 1.0, pair,
                   rounds=options.cold_rounds, warm_ups=1, before=bench.prune)


def measured(case, tool, goal, commands, **turns):
    print(f"bench: {case}", file=sys.stderr, flush=True)
    row = Row(case, tool, goal, alternate(commands, **turns))
    for name, series in row.series.items():
        print(f"  {name:10} {series.median * 1000:8.0f} ms {series.peak_mib:6.0f} MiB", file=sys.stderr, flush=True)
    return row


def main():
    parser = argparse.ArgumentParser(prog="benches/run.sh", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, help="runs per tool in warm cases (default: 15)")
    parser.add_argument("--cold-rounds", type=int, default=5, help="runs per tool in cold cases (default: 5)")
    parser.add_argument("--files", type=int, default=20_000, help="files in the large context (default: 20000)")
    parser.add_argument("--out", type=Path, default=ROOT / "benches/RESULTS.md", help="the report to write")
    options = parser.parse_args()
    for part in (LAUNCHWAY, BUILDX, LIBEXEC / "buildkitd"):
        if not part.exists():
            parser.error(f"{part} is missing: run `make bench`, which builds it")

    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by SIGTERM"))
    with tempfile.TemporaryDirectory(prefix="launchway-bench-", ignore_cleanup_errors=True) as work:
        bench = Bench(Path(work))
        try:
            bench.start()
            versions = {
                "Launchway": bench.run([LAUNCHWAY, "--version"]).split()[-1],
                "buildx": bench.run([BUILDX, "version"]).split()[1],
                "buildkitd": bench.run([LIBEXEC / "buildkitd", "--version"]).split()[2],
            }
            rows = list(cases(bench, options))
        finally:
            bench.stop()
    options.out.write_text(markdown(rows, versions, NOTES, MEMORY_GOAL))
    print(options.out.read_text())


if __name__ == "__main__":
    main()
