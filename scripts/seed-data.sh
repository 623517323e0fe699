#!/usr/bin/env bash
# Fills a Pharos server with a believable hour of metrics and logs: see --help.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
command -v go >/dev/null || { echo "seed-data.sh: Go is needed to run examples/seed (https://go.dev/dl)" >&2; exit 1; }
# Built in the repository, run where the caller is: --data-dir is relative to that.
binary=$(mktemp -t pharos-seed.XXXXXX)
trap 'rm -f "$binary"' EXIT
go -C "$root" build -o "$binary" ./examples/seed
"$binary" "$@"
