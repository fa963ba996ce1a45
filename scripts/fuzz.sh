#!/usr/bin/env bash
# Runs the fuzz targets of fuzz/ for some time each. Stops at the first find.
#
# The flags are those of cargo-fuzz without a sanitizer; all are stable.
#
# usage: scripts/fuzz.sh [TARGET [SECONDS]]     default: all targets, a minute each
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../fuzz"

targets=(layer archive ztoc soci-index verify)
if [[ -n ${1-} && $1 != all ]]; then targets=("$1"); fi
seconds=${2:-60}
command -v c++ >/dev/null || { echo "fuzz: libFuzzer needs a C++ compiler: apt-get install g++" >&2; exit 1; }

host=$(rustc --version --verbose | awk '$1 == "host:" {print $2}')
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 \
  -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
  -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares"
# Given a target, cargo leaves build scripts alone.
cargo build --release --locked --target "$host"
for target in "${targets[@]}"; do
  echo "fuzz: $target for $seconds s"
  mkdir -p "corpus/$target" "artifacts/$target"
  corpora=("corpus/$target" "seeds/$target")
  # Layers and their official zTOCs, each in a folder.
  case $target in layer | ztoc) corpora+=(../soci/testdata/ztoc/*/) ;; esac
  "target/$host/release/$target" "${corpora[@]}" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=65536 -print_final_stats=1 \
    -verbosity=0 -artifact_prefix="artifacts/$target/"
done
