#!/usr/bin/env bash
# Records expected.json of every case from a real buildx (v0.30.1): testdata/bake/record.sh BUILDX
# [CASE…]. Cases with a `note` differ on purpose, and cases with expected.err fail in both; neither
# is recorded. Needs no daemon.
set -euo pipefail
cd "$(dirname "$0")"
buildx=$(realpath "${1:?path of the buildx binary}")
shift
targets=()
config=$(mktemp -d)
trap 'rm -rf "$config"' EXIT
cases=("$@")
[ ${#cases[@]} -gt 0 ] || cases=(*/)
for case in "${cases[@]}"; do
  case=${case%/}
  if [ -e "$case/note" ] || [ -e "$case/expected.err" ]; then
    continue
  fi
  arguments=()
  environment=(PATH="$PATH" HOME=/home/user BUILDX_CONFIG="$config")
  if [ -e "$case/args" ]; then
    while read -r word rest; do
      case $word in
        target) targets+=("$rest") ;;
        set) arguments+=(--set "$rest") ;;
        file) arguments+=(-f "$rest") ;;
        platform) arguments+=(--set "*.platform=$rest") ;;
        push | load | no-cache | pull) arguments+=("--$word") ;;
        env) environment+=("$rest") ;;
        source | "") ;;
        *) echo "$case: unknown line $word" >&2 && exit 1 ;;
      esac
    done <"$case/args"
  fi
  if ! (cd "$case" && env -i "${environment[@]}" "$buildx" bake "${arguments[@]}" "${targets[@]}" \
    --print >expected.json.new 2>"$config/err"); then
    rm -f "$case/expected.json.new"
    echo "$case: $(tail -n 3 "$config/err")" >&2
    targets=()
    continue
  fi
  mv "$case/expected.json.new" "$case/expected.json"
  targets=()
done
