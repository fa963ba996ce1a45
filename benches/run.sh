#!/usr/bin/env bash
# Runs the benchmarks; `make bench` calls it once everything is built. Options: --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export LAUNCHWAY_TEST_PARTS=${LAUNCHWAY_TEST_PARTS:-$PWD/.deps}
export LAUNCHWAY_LIBEXEC=${LAUNCHWAY_LIBEXEC:-$PWD/dist/libexec/launchway}
exec python3 benches/run.py "$@"
