#!/usr/bin/env bash
# Starts the servers that the distributed program runs on, in the background, and ends them.
# Usage: scripts/servers.sh start|stop        (make servers, make servers-stop)
set -euo pipefail
cd "$(dirname "$0")/.."
state=.cache/servers
pid="$(cat "$state/pid" 2>/dev/null || true)"
running() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }

case "${1:-}" in
start)
  if ! running; then
    test/servers/install.sh
    go build -o "$state/run" ./test/servers/cmd
    : >"$state/env"
    setsid "$state/run" >"$state/env" 2>"$state/log" </dev/null &
    echo $! >"$state/pid"
    pid=$!
    echo "Starting Redis, PostgreSQL, pgbouncer, TimescaleDB, Kafka and Elasticsearch; this takes about a minute." >&2
    until grep -q "All servers run" "$state/log"; do
      running || { cat "$state/log" >&2; exit 1; }
      sleep 0.5
    done
  fi
  cat "$state/env"
  ;;
stop)
  running || { echo "No servers run." >&2; exit 0; }
  kill "$pid"
  while running; do sleep 0.2; done
  rm -f "$state/pid"
  ;;
*)
  echo "usage: scripts/servers.sh start|stop" >&2
  exit 2
  ;;
esac
