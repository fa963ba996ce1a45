#!/usr/bin/env bash
# Starts the distribution registry on a free loopback port, for the demo, the benchmarks and tests:
# plain HTTP, anonymous, deleting allowed. Prints its address; its process id goes to DIRECTORY/pid.
#
# usage: scripts/local-registry.sh DIRECTORY [HTPASSWD]
#   data, configuration, log and pid go to DIRECTORY; with a htpasswd file, logins are asked for
set -euo pipefail

if [[ $# -lt 1 || $# -gt 2 || $1 == -* ]]; then
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
parts=${LAUNCHWAY_TEST_PARTS:-$root/.deps}
mkdir -p "$1"
folder=$(cd "$1" && pwd)
[[ -x $parts/bin/registry ]] || { echo "registry: $parts/bin/registry is missing: run \`make deps\`" >&2; exit 1; }

free_port() {
  local port
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 12000)) # below the ports that the kernel gives to clients
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
      echo "$port"
      return
    fi
  done
  echo "registry: no free port on 127.0.0.1" >&2
  return 1
}
address=127.0.0.1:$(free_port)

cat >"$folder/config.yml" <<CONFIG
version: 0.1
log: { level: warn, accesslog: { disabled: true } }
storage:
  filesystem: { rootdirectory: $folder/data }
  delete: { enabled: true }
http: { addr: "$address", secret: loopback-only }
CONFIG
if [[ $# -eq 2 ]]; then
  cat >>"$folder/config.yml" <<CONFIG
auth: { htpasswd: { realm: loopback, path: "$(realpath "$2")" } }
CONFIG
fi
OTEL_TRACES_EXPORTER=none nohup "$parts/bin/registry" serve "$folder/config.yml" >"$folder/log" 2>&1 </dev/null &
echo $! >"$folder/pid"

for _ in {1..100}; do
  if (exec 3<>"/dev/tcp/${address/:/\/}") 2>/dev/null; then
    echo "$address"
    exit 0
  fi
  kill -0 "$(<"$folder/pid")" 2>/dev/null || break
  sleep 0.1
done
echo "registry: it did not start; $folder/log ends with:" >&2
tail -n 5 "$folder/log" >&2
exit 1
