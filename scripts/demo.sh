#!/usr/bin/env bash
# The demo, after `make demo` has built everything: a registry on loopback, a copy of
# testdata/projects/shop as a git repository, and one `launchway release` in it.
#
#   KEEP=1 make demo    leaves the registry, the BuildKit daemon and all files, to go on by hand
#
# Without KEEP the registry and the daemon stop at the end. The daemon's cache stays in .deps/demo,
# so the next demo is warm; `rm -rf .deps/demo` starts over.
#
#   scripts/demo.sh --check    only says whether it can run here
set -euo pipefail

if [[ $EUID -ne 0 && -z ${BUILDKIT_HOST-} ]]; then
  cat >&2 <<'ROOT'
demo: BuildKit's daemon has to run as root, and you are not root. Either
    sudo env "PATH=$PATH" "HOME=$HOME" make demo
or name a daemon that may use this machine's loopback: BUILDKIT_HOST=unix:///path make demo
ROOT
  exit 1
fi
if [[ ${1-} == --check ]]; then exit 0; fi

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
parts=${LAUNCHWAY_TEST_PARTS:-$root/.deps}
launchway=${LAUNCHWAY_BIN:-$root/dist/bin/launchway}
home=$parts/demo
project=$home/shop
keep=${KEEP-}

export LAUNCHWAY_STATE_DIR=$home/state
export LAUNCHWAY_LIBEXEC=${LAUNCHWAY_LIBEXEC:-$root/dist/libexec/launchway}

title() { printf '\n== %s\n' "$*"; }

stop() {
  local status=$?
  if [[ -n $keep && $status -eq 0 ]]; then return; fi
  "$launchway" engine stop >/dev/null 2>&1 || true
  if [[ -f $home/registry/pid ]]; then
    kill "$(<"$home/registry/pid")" 2>/dev/null || true
    rm -f "$home/registry/pid"
  fi
}

mkdir -p "$home"
if [[ -f $home/registry/pid ]]; then
  # Left by KEEP=1. Only a process that still is this registry is stopped.
  old=$(<"$home/registry/pid")
  if grep -qs "$home/registry/config.yml" "/proc/$old/cmdline"; then kill "$old"; fi
fi
trap stop EXIT

title "A registry on loopback"
rm -rf "$home/registry"
REGISTRY=$("$root/scripts/local-registry.sh" "$home/registry")
export REGISTRY
echo "$REGISTRY, data in $home/registry"

title "The base image, from Debian's busybox-static"
"$root/scripts/base-images.sh" "$REGISTRY"

title "The project: a copy of testdata/projects/shop with one commit"
rm -rf "$project"
cp -R "$root/testdata/projects/shop" "$project"
git -C "$project" init --quiet --initial-branch=main
git -C "$project" config user.name demo
git -C "$project" config user.email demo@localhost
git -C "$project" add .
git -C "$project" commit --quiet --message "Open the shop"
echo "$project at $(git -C "$project" rev-parse --short=8 HEAD)"

title "launchway release"
# In the project's folder, as CI would call it.
(cd "$project" && "$launchway" release)

title "Where things are"
for image in web rp api batch firelens; do
  printf '%-9s %s\n' "$image" "$REGISTRY/shop-$image: $("$parts/bin/crane" ls "$REGISTRY/shop-$image" | sort | paste -sd ' ')"
done
printf '%-9s %s\n' record "$project/launchway-out/release.json"
find "$project/launchway-out" -type f ! -name release.json | sort | sed 's/^/          /'

title "What to try next"
if [[ -n $keep ]]; then
  cat <<NEXT
The registry and the engine are still running. In $project:

  export REGISTRY=$REGISTRY
  export LAUNCHWAY_STATE_DIR=$LAUNCHWAY_STATE_DIR LAUNCHWAY_LIBEXEC=$LAUNCHWAY_LIBEXEC
  $launchway release                                # again: nothing has changed
  echo '# changed' >> rp/httpd.conf && git commit -qam "Change the proxy"
  $launchway release                                # only rp has
  $parts/bin/crane manifest \$REGISTRY/shop-rp:production

To stop: $launchway engine stop; kill $(<"$home/registry/pid")
NEXT
else
  cat <<NEXT
The registry and the engine stop now. \`KEEP=1 make demo\` leaves them running and says how to make a
second release (nothing has changed), and a third one with one file changed. \`make test\` runs
all of this, and much more, as tests.
NEXT
fi
