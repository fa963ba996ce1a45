#!/usr/bin/env bash
# Makes real layers, on which the tests of SOCI compare Launchway with the official library: trees of
# Debian packages for both architectures, archived in several formats and compressed by everything
# that compresses layers in practice. `scripts/deps.sh test` runs it.
#
# The layers go to .deps/layers, as NAME.tar.gz or NAME.tar. They are made anew when this script
# changes. What they hold depends on Debian's mirror; every test compares at run time.
#
# usage: scripts/layers.sh [--check]     --check makes nothing: it exits with 1 if layers are missing
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
parts=$root/.deps
layers=$parts/layers
stamp=$layers/made-by
# shellcheck source=scripts/own-apt.sh
source "$root/scripts/own-apt.sh"

made_by=$(sha256sum <"${BASH_SOURCE[0]}")
if [[ -f $stamp && $(<"$stamp") == "$made_by" ]]; then exit 0; fi
if [[ ${1-} == --check ]]; then exit 1; fi

work=$(mktemp -d "$parts/layers.XXXXXX")
trap 'rm -rf "$work"' EXIT
export TZ=UTC LC_ALL=C

# tree NAME ARCHITECTURE PACKAGE...: unpacks packages and all that they need, without running them.
tree() {
  local name=$1 architecture=$2 package
  shift 2
  rm -f "$work"/apt/cache/archives/*.deb
  own_apt "$work/apt" "$architecture" --yes --download-only install "$@"
  mkdir "$work/$name"
  for package in "$work"/apt/cache/archives/*.deb; do
    dpkg-deb --extract "$package" "$work/$name"
  done
}

# archive TREE FOLDER FORMAT: the archive of a folder of a tree on standard output.
archive() {
  local format=$3
  local options=(--directory "$work/$1" --sort=name --numeric-owner --owner=0 --group=0 --create)
  case $format in
    go) tar "${options[@]}" --format=posix "$2" | "$parts/bin/soci-oracle-v0.15" repack ;;
    *) tar "${options[@]}" --format="$format" "$2" ;;
  esac
}

# layer NAME TREE FOLDER FORMAT COMPRESSOR...
layer() {
  local name=$1
  archive "$2" "$3" "$4" | "${@:5}" >"$work/out/$name"
}

mkdir "$work/out"
own_apt "$work/apt" amd64 update
tree base-amd64 amd64 '?and(?essential,?architecture(amd64))' apt
tree base-arm64 arm64 '?and(?essential,?architecture(arm64))' apt
tree node-amd64 amd64 nodejs node-typescript
tree python-arm64 arm64 python3 python3-pip python3-babel
mkdir "$work/go"
cp -R "$(go env GOROOT)/src/cmd" "$work/go/cmd"

go_gzip=("$parts/bin/soci-oracle-v0.15" gzip)
# Two at a time: one compressor takes one core, and this machine may have two.
{
  layer base-amd64.gzip-6.tar.gz base-amd64 . gnu gzip -6
  layer usr-lib-arm64.gzip-1.tar.gz base-arm64 usr/lib gnu gzip -1
  layer usr-share-amd64.gzip-9.tar.gz base-amd64 ./usr/share posix gzip -9
  layer go-sources.gzip-6.tar.gz go cmd ustar gzip -6
  layer base-arm64.tar base-arm64 . go cat
} &
{
  layer base-arm64.go-6.tar.gz base-arm64 . go "${go_gzip[@]}" 6
  layer node-amd64.go-1.tar.gz node-amd64 usr go "${go_gzip[@]}" 1
  layer python-arm64.gzip-9.tar.gz python-arm64 usr/lib gnu gzip -9
  layer python-arm64.pigz.tar.gz python-arm64 usr/lib/python3 posix pigz --processes 2
  layer node-amd64.pigz.tar.gz node-amd64 . posix pigz --processes 2 -1
  layer usr-share-arm64.go-9.tar.gz base-arm64 usr/share go "${go_gzip[@]}" 9
}
wait $!

printf '%s\n' "$made_by" >"$work/out/made-by"
rm -rf "$layers"
mv "$work/out" "$layers"
