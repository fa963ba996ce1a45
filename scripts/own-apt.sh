# shellcheck shell=bash
# apt with lists and a cache of its own, for packages of both architectures: the machine's
# architectures, lists and installed packages stay as they are, and no root is needed.
#
# To be sourced. own_apt FOLDER ARCHITECTURE ARGUMENTS... runs apt-get; the first call for a folder
# should be `update`.
own_apt() {
  local folder=$1 architecture=$2
  shift 2
  mkdir -p "$folder/lists/partial" "$folder/cache/archives/partial"
  apt-get --quiet=2 \
    --option APT::Architecture="$architecture" \
    --option APT::Architectures::=amd64 --option APT::Architectures::=arm64 \
    --option Dir::State::Lists="$folder/lists" --option Dir::Cache="$folder/cache" \
    --option Dir::State::status=/dev/null --option APT::Sandbox::User= \
    --option Acquire::Languages=none --option APT::Install-Recommends=false \
    --option Debug::NoLocking=true "$@"
}
