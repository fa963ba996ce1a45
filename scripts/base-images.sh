#!/usr/bin/env bash
# Makes the base image of the example projects, and pushes it to a registry on this machine:
#
#   REGISTRY/base/busybox:stable     an OCI index for linux/amd64 and linux/arm64
#
# Its one layer holds Debian's busybox-static (fetched by `make deps`), applet links and the few
# files that every image has. Nothing is downloaded here, and the same packages always give the
# same digests: fixed times and owners, sorted entries, no gzip header.
#
# usage: scripts/base-images.sh REGISTRY        e.g. 127.0.0.1:5000 (plain HTTP, anonymous)
set -euo pipefail

if [[ $# -ne 1 || $1 == -* ]]; then
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
registry=$1
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
parts=${LAUNCHWAY_TEST_PARTS:-$root/.deps}
crane=$parts/bin/crane
image=$registry/base/busybox

[[ -x $crane ]] || { echo "base-images: $crane is missing: run \`make deps\`" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# busybox_of ARCH: unpack the package of that architecture, print the path of its binary.
busybox_of() {
  local arch=$1 package=$parts/busybox/busybox-static_$1.deb
  [[ -f $package ]] || { echo "base-images: $package is missing: run \`make deps\`" >&2; return 1; }
  mkdir -p "$work/package/$arch"
  dpkg-deb --extract "$package" "$work/package/$arch"
  echo "$work/package/$arch/bin/busybox"
}

# layer ARCH: write the root filesystem of that architecture as $work/ARCH.tar.gz.
layer() {
  local arch=$1 tree=$work/tree/$1 applet
  mkdir -p "$tree"/{bin,etc,home,proc,root,sys,tmp,usr/bin,var}
  chmod 1777 "$tree/tmp"
  chmod 0700 "$tree/root"
  install -m 0755 "$(busybox_of "$arch")" "$tree/bin/busybox"
  # Both packages are one source version with one configuration, so this machine's list of applets
  # serves both.
  while read -r applet; do
    [[ $applet == busybox ]] || ln -s busybox "$tree/bin/$applet"
  done <"$work/applets"
  ln -s ../../bin/env "$tree/usr/bin/env"
  printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n' >"$tree/etc/passwd"
  printf 'root:x:0:\nnogroup:x:65534:\n' >"$tree/etc/group"
  chmod 0644 "$tree/etc/passwd" "$tree/etc/group"
  tar --create --directory "$tree" --format=gnu --sort=name --mtime=@0 \
    --owner=0 --group=0 --numeric-owner . | gzip -n -9 >"$work/$arch.tar.gz"
}

"$(busybox_of "$(dpkg --print-architecture)")" --list >"$work/applets"

manifests=()
for arch in amd64 arm64; do
  layer "$arch"
  "$crane" append --oci-empty-base --new_layer "$work/$arch.tar.gz" \
    --new_tag "$image:stable-$arch" >"$work/appended" 2>"$work/log" || { cat "$work/log" >&2; exit 1; }
  digest=$("$crane" mutate "$(<"$work/appended")" --set-platform "linux/$arch" \
    --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin --cmd /bin/sh \
    --tag "$image:stable-$arch" 2>"$work/log") || { cat "$work/log" >&2; exit 1; }
  manifests+=(--manifest "$image@${digest##*@}")
done
"$crane" index append "${manifests[@]}" --tag "$image:stable" >"$work/appended" 2>"$work/log" ||
  { cat "$work/log" >&2; exit 1; }
cat "$work/appended"
