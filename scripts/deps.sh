#!/usr/bin/env bash
# Installs every part that building, testing and the demo need. `make deps` runs it.
#
# From Debian:      runc, QEMU for the other architecture, compilers, git, BusyBox;
#                   packages that become layers    -> .deps/layers
# From Go's proxy:  registry, crane, buildx,
#                   the official SOCI library      -> .deps/bin        (pinned in testdata/tools)
# From PyPI:        moto, a stand-in for AWS       -> .deps/venv       (pinned in testdata/tools)
# From crates.io:   cargo-deny                     -> .deps/bin
#
# Not installed here, because you will want your own: the Rust and Go toolchains. What is already
# there is left alone, so a second run takes a second. Root is used for apt and binfmt only.
#
# usage: scripts/deps.sh [--check] [demo|test|lint|all]
#
# The word says for which target of the Makefile (default: all). --check installs nothing: it says
# what is missing, and exits with 1 if anything is.
set -euo pipefail

rust_needed=1.95
go_needed=1.26
cargo_deny=0.20.2

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
parts=$root/.deps
# shellcheck source=scripts/own-apt.sh
source "$root/scripts/own-apt.sh"
tools=$root/testdata/tools
check_only=false
purpose=all
for argument; do
  case $argument in
    --check) check_only=true ;;
    demo | test | lint | all) purpose=$argument ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
  esac
done

say() { printf '  %-17s %s\n' "$1" "$2"; }
fail() { printf 'deps: %s\n' "$@" >&2; exit 1; }

# missing NAME WHY: in a check, note it; otherwise say what is being installed.
lacking=0
missing() {
  lacking=$((lacking + 1))
  if $check_only; then say "$1" "missing: $2"; else say "$1" "installing: $2"; fi
}

# wants PURPOSE...: is this run for one of them?
wants() {
  local candidate
  for candidate; do [[ $purpose == all || $purpose == "$candidate" ]] && return 0; done
  return 1
}

as_root() {
  if [[ $EUID -eq 0 ]]; then "$@"; return; fi
  command -v sudo >/dev/null || fail "'$*' needs root: install sudo, or run \`make deps\` once as root"
  sudo "$@"
}

# at_least HAVE NEEDED: compare dotted versions.
at_least() { [[ $(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n1) == "$2" ]]; }

# ---- toolchains: looked at, never installed ------------------------------------------------------
toolchains() {
  local problems=() have
  have=$(rustc --version 2>/dev/null | awk '{print $2}') || true
  if [[ -z $have ]] || ! at_least "$have" "$rust_needed"; then
    problems+=("Rust $rust_needed or newer is needed (found: ${have:-none}). With rustup from https://rustup.rs:"
      "    rustup toolchain install stable --profile minimal --component clippy,rustfmt && rustup default stable")
  else
    say rust "$have"
  fi
  have=$(go env GOVERSION 2>/dev/null | sed 's/^go//') || true
  if [[ -z $have ]] || ! at_least "$have" "$go_needed"; then
    problems+=("Go $go_needed or newer is needed (found: ${have:-none}). Take the archive for your machine from https://go.dev/dl/:"
      "    sudo tar -C /usr/local -xzf go1.26.*.linux-$(dpkg --print-architecture).tar.gz && export PATH=\$PATH:/usr/local/go/bin")
  else
    say go "$have"
  fi
  ((${#problems[@]} == 0)) || fail "${problems[@]}"
}

# ---- Debian packages -----------------------------------------------------------------------------
debian_packages() {
  local wanted=(ca-certificates gcc git libc6-dev make) # cargo's linker, and crates with C code
  if wants demo test; then
    # runc runs the steps of buildkitd; the other two run those of the other architecture.
    wanted+=(runc qemu-user-static binfmt-support)
  fi
  if wants test; then
    wanted+=(python3-venv time)                # moto; `make bench`
    wanted+=(pigz skopeo zlib1g-dev)           # layers for the SOCI tests, copied images; soci-oracle
  fi
  if wants lint; then wanted+=(shellcheck); fi
  local lacks=() package
  for package in "${wanted[@]}"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || lacks+=("$package")
  done
  if ((${#lacks[@]} == 0)); then say debian "all packages are there"; return; fi
  missing debian "${lacks[*]}"
  if $check_only; then return; fi
  as_root apt-get update --quiet=2
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install --quiet=2 --yes --no-install-recommends "${lacks[@]}" >/dev/null
}

# ---- steps of the other architecture: QEMU through binfmt_misc -----------------------------------
# The F flag opens the interpreter when it is registered, so it also works inside build containers,
# which do not have it; P keeps argv[0].
foreign_binaries() {
  local name entry
  case $(dpkg --print-architecture) in
    amd64) name=qemu-aarch64 ;;
    arm64) name=qemu-x86_64 ;;
    *) fail "only amd64 and arm64 machines are supported" ;;
  esac
  entry=/proc/sys/fs/binfmt_misc/$name
  if ! grep -qs '^flags: .*F' "$entry"; then
    missing binfmt "$name in /proc/sys/fs/binfmt_misc"
    if $check_only; then return; fi
    if [[ ! -e /proc/sys/fs/binfmt_misc/register ]]; then
      as_root mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc ||
        fail "binfmt_misc can't be mounted: load it on the host (modprobe binfmt_misc), and run containers with --privileged"
    fi
    if ! grep -qs '^flags: .*F' "$entry"; then
      # An entry without F, left by another package, is replaced.
      [[ ! -e $entry ]] || as_root update-binfmts --disable "$name"
      as_root update-binfmts --enable "$name"
    fi
    grep -qs '^flags: .*F' "$entry" ||
      fail "$entry has no F flag ($(grep -s '^flags' "$entry" || echo 'no entry')): see \`update-binfmts --display $name\`"
  fi
  say binfmt "$name ($(grep '^flags' "$entry"))"
}

# ---- BusyBox of both architectures, the only content of the example projects' base image ---------
busybox_packages() {
  local into=$parts/busybox apt=$parts/apt arch
  if [[ -f $into/busybox-static_amd64.deb && -f $into/busybox-static_arm64.deb ]]; then
    say busybox "packages for amd64 and arm64"
    return
  fi
  missing busybox "busybox-static for amd64 and arm64"
  if $check_only; then return; fi
  mkdir -p "$into"
  own_apt "$apt" amd64 update
  for arch in amd64 arm64; do
    rm -f "$apt"/busybox-static_*.deb
    (cd "$apt" && own_apt "$apt" "$arch" download "busybox-static:$arch")
    mv "$apt"/busybox-static_*_"$arch".deb "$into/busybox-static_$arch.deb"
  done
  rm -rf "$apt"
  say busybox "$(dpkg-deb --field "$into/busybox-static_amd64.deb" Version)"
}

# ---- Go programs, one module each (their dependencies disagree) ----------------------------------
# go_tool NAME VERSION-VARIABLE: rebuilt when its go.mod is newer than the binary.
go_tool() {
  local name=$1 variable=$2 binary=$parts/bin/$1 module=$tools/$1 package version
  package=$(awk '$1 == "tool" {print $2}' "$module/go.mod")
  version=$(awk -v package="$package" \
    '$1 ~ "/" && index(package, $1) == 1 && $2 ~ "^v" {print $2; exit}' "$module/go.mod")
  if [[ -x $binary && $binary -nt $module/go.mod ]]; then say "$name" "$version"; return; fi
  missing "$name" "$package@$version (a few minutes)"
  if $check_only; then return; fi
  mkdir -p "$parts/bin"
  (cd "$module" && CGO_ENABLED=0 GOBIN=$parts/bin go install -trimpath -ldflags "-X $variable=$version" tool)
  touch "$binary"
  say "$name" "$version"
}

# ---- the official SOCI library, which the tests compare with: one program per version -------------
# soci_oracle NAME MODULE-FILE FLAGS...: rebuilt when a source is newer than the binary. Needs cgo.
soci_oracle() {
  local name=$1 mod=$2 binary=$parts/bin/$1 module=$tools/soci-oracle version
  shift 2
  version=$(awk '$1 == "github.com/awslabs/soci-snapshotter" {print $2}' "$module/$mod")
  if [[ -x $binary && -z $(find "$module" -newer "$binary" \( -name '*.go' -o -name '*.mod' \) -print -quit) ]]; then
    say "$name" "$version"
    return
  fi
  missing "$name" "github.com/awslabs/soci-snapshotter@$version (a minute)"
  if $check_only; then return; fi
  mkdir -p "$parts/bin"
  (cd "$module" && CGO_ENABLED=1 go build -modfile="$mod" "$@" -trimpath -ldflags '-s -w' -o "$binary" .)
  touch "$binary"
  say "$name" "$version"
}

# ---- real layers, to be indexed by the tests of SOCI ----------------------------------------------
real_layers() {
  if ! "$root/scripts/layers.sh" --check; then
    missing layers "real layers of both architectures in .deps/layers (a minute)"
    if $check_only; then return; fi
    "$root/scripts/layers.sh"
  fi
  say layers "$(find "$parts/layers" -name '*.tar*' | wc -l) real ones in .deps/layers"
}

# ---- moto: AWS's APIs on loopback ----------------------------------------------------------------
aws_stand_in() {
  local venv=$parts/venv requirements=$tools/moto/requirements.txt version
  version=$(sed -n 's/^moto==//p' "$requirements")
  if ! cmp -s "$requirements" "$venv/installed.txt"; then
    missing moto "$version in .deps/venv"
    if $check_only; then return; fi
    /usr/bin/python3 -m venv --clear "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$requirements"
    cp "$requirements" "$venv/installed.txt"
  fi
  say moto "$version"
}

# ---- cargo-deny: licences, sources and banned crates, for `make lint` ----------------------------
dependency_check() {
  local have
  have=$("$parts/bin/cargo-deny" --version 2>/dev/null | awk '{print $2}') || true
  if [[ $have != "$cargo_deny" ]]; then
    missing cargo-deny "$cargo_deny (two minutes)"
    if $check_only; then return; fi
    # Unoptimized: it builds in half the time, and checks as fast as one can tell.
    CARGO_PROFILE_DEV_DEBUG=false cargo install --debug --quiet --locked --root "$parts" \
      --no-default-features --version "$cargo_deny" cargo-deny
  fi
  say cargo-deny "$cargo_deny"
}

command -v apt-get >/dev/null || fail "this script installs with apt-get, and was tried on Debian 12 (bookworm) only"
echo "deps: for ${purpose/all/everything}, into $parts"
toolchains
debian_packages
if wants demo test; then
  foreign_binaries
  busybox_packages
  go_tool registry github.com/distribution/distribution/v3/version.version
  go_tool crane github.com/google/go-containerregistry/cmd/crane/cmd.Version
fi
if wants test; then
  go_tool buildx github.com/docker/buildx/version.Version
  soci_oracle soci-oracle-v0.11 v0.11.1.mod
  soci_oracle soci-oracle-v0.15 go.mod -tags pull
  real_layers
  aws_stand_in
fi
if wants lint; then dependency_check; fi

if $check_only && ((lacking > 0)); then fail "$lacking missing: run \`make deps\`"; fi
