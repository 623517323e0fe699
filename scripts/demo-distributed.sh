#!/usr/bin/env bash
# Runs the distributed program on this machine: real servers, a gateway, a writer and a backend,
# and an hour of data of a small shop that goes on. Ctrl-C ends all of it.
# Usage: scripts/demo-distributed.sh [seed flags]        (make demo-distributed)
# PHAROS_HTTP, PHAROS_OTLP_GRPC and PHAROS_OTLP_HTTP move the front door elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x bin/pharos ] || { echo "demo-distributed.sh: bin/pharos is not there: run make build" >&2; exit 1; }
export PHAROS_HTTP="${PHAROS_HTTP:-127.0.0.1:8080}" PHAROS_OTLP_GRPC="${PHAROS_OTLP_GRPC:-127.0.0.1:4317}" PHAROS_OTLP_HTTP="${PHAROS_OTLP_HTTP:-127.0.0.1:4318}"

dir=$(mktemp -d -t pharos-demo.XXXXXX)
pids=()
servers_are_ours=""
end() {
  trap - EXIT
  echo "Ending." >&2
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  [ -z "$servers_are_ours" ] || scripts/servers.sh stop
  rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM

if ! { [ -f .cache/servers/pid ] && kill -0 "$(cat .cache/servers/pid)" 2>/dev/null; }; then servers_are_ours=yes; fi
scripts/servers.sh start >"$dir/env"
# shellcheck source=/dev/null
. "$dir/env"

# role NAME HTTP OPS: starts a role. What it says goes to a file of its own.
role() {
  PHAROS_DATA_DIR="$dir/$1" PHAROS_HTTP="$2" PHAROS_OPS="$3" setsid bin/pharos run --config "role:$1" >"$dir/$1.log" 2>&1 &
  pids+=($!)
}
# ready NAME OPS: waits for a role, and shows its log when it ends instead.
ready() {
  until curl -fs -o /dev/null "http://$2/readyz"; do
    kill -0 "${pids[$3]}" 2>/dev/null || { echo "The $1 has ended:" >&2; tail -n 30 "$dir/$1.log" >&2; exit 1; }
    sleep 0.2
  done
}
backend=127.0.0.1:18090
export PHAROS_BACKEND_URL="http://$backend"
role backend "$backend" 127.0.0.1:18083
role writer 127.0.0.1:18091 127.0.0.1:18082
role gateway "$PHAROS_HTTP" 127.0.0.1:18081
ready backend 127.0.0.1:18083 0
ready writer 127.0.0.1:18082 1
ready gateway 127.0.0.1:18081 2

said() { sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$dir/backend/bootstrap.json"; }
export PHAROS_URL="http://$PHAROS_HTTP"
PHAROS_API_KEY=$(said api_key)
export PHAROS_API_KEY
scripts/seed-data.sh "$@"

cat <<EOF

Pharos runs in three roles: gateway, writer and backend.
  Dashboard   $PHAROS_URL
  Login       $(said admin_email)  $(said admin_password)
  API key     $PHAROS_API_KEY
  OTLP        $PHAROS_OTLP_GRPC (gRPC), $PHAROS_OTLP_HTTP (HTTP)
  Logs        $dir/{gateway,writer,backend}.log
Ctrl-C ends everything, and removes its data.
EOF
setsid scripts/seed-data.sh --duration 15s --follow "$@" >"$dir/seed.log" 2>&1 &
pids+=($!)
wait -n "${pids[@]:0:3}" || true
echo "One of the roles has ended; the end of its log:" >&2
tail -n 5 "$dir"/{gateway,writer,backend}.log >&2
exit 1
