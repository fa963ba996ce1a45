"""The benchmarks of `make bench`: Launchway beside buildx, the official SOCI library, and a sequential client of ECR.

Starts a registry and a buildkitd of its own, prepares what is measured, then measures whole
processes in turns. Python's standard library only.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

import buildx_cases
import prune_cases
import soci_cases
from parts import BUILDX, LAUNCHWAY, LIBEXEC, ROOT, Bench
from report import markdown

REPORTS = {
    "buildx": (buildx_cases.report, ROOT / "benches/RESULTS.md"),
    "soci": (soci_cases.report, ROOT / "benches/SOCI.md"),
    "prune": (prune_cases.report, ROOT / "benches/PRUNE.md"),
}
# Those that build nothing need no daemon.
DAEMONLESS = {"prune"}


def main():
    parser = argparse.ArgumentParser(prog="benches/run.sh", description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"{' or '.join(REPORTS)} (default: all)")
    parser.add_argument("--rounds", type=int, default=15, help="runs per tool in warm cases (default: 15)")
    parser.add_argument("--cold-rounds", type=int, default=5, help="runs per tool in cold cases (default: 5)")
    parser.add_argument("--files", type=int, default=20_000, help="files in the large context (default: 20000)")
    parser.add_argument("--layer-mb", type=int, default=700, help="uncompressed size of SOCI layers (default: 700)")
    parser.add_argument("--repositories", type=int, default=50, help="repositories to prune (default: 50)")
    parser.add_argument("--manifests", type=int, default=10_000, help="manifests in each of them (default: 10000)")
    parser.add_argument("--delay-ms", type=int, default=5, help="how late the ECR fake answers (default: 5)")
    parser.add_argument("--prune-rounds", type=int, default=3, help="plans per tool (default: 3)")
    parser.add_argument("--out", type=Path, help="folder for the reports (default: benches)")
    options = parser.parse_args()
    for kind in options.kinds:
        if kind not in REPORTS:
            parser.error(f"there is no kind {kind}: {', '.join(REPORTS)}")
    kinds = options.kinds or list(REPORTS)
    builds = not DAEMONLESS.issuperset(kinds)
    for part in (LAUNCHWAY, *([BUILDX, LIBEXEC / "buildkitd"] if builds else [])):
        if not part.exists():
            parser.error(f"{part} is missing: run `make bench`, which builds it")

    # Ended from outside, it still stops what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: ended by SIGTERM"))
    with tempfile.TemporaryDirectory(prefix="launchway-bench-", ignore_cleanup_errors=True) as work:
        bench = Bench(Path(work))
        try:
            versions = {"Launchway": bench.run([LAUNCHWAY, "--version"]).split()[-1]}
            tools = {}
            if builds:
                bench.start()
                tools = {
                    "buildx": bench.run([BUILDX, "version"]).split()[1],
                    "buildkitd": bench.run([LIBEXEC / "buildkitd", "--version"]).split()[2],
                }
            for kind in kinds:
                make, path = REPORTS[kind]
                if options.out:
                    path = options.out / path.name
                used = versions if kind in DAEMONLESS else {**versions, **tools}
                text = markdown(make(bench, options), used)
                path.write_text(text)
                print(text)
        finally:
            bench.stop()


if __name__ == "__main__":
    main()
