#!/usr/bin/env bash
# Writes components.go of a program from its parts list with the Collector's builder.
# Usage: scripts/generate-components.sh [parts list, output file]; both programs without arguments
set -euo pipefail
self=$(realpath "$0")
cd "$(dirname "$self")/.."
if [ $# -eq 0 ]; then
  "$self" builder-config.yaml collector/components.go
  exec "$self" agent/builder-config.yaml agent/components.go
fi
list=$1 output=$2
version=v0.165.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|^dist:|dist:\n  output_path: $work|" "$list" >"$work/config.yaml"
GOFLAGS=-mod=mod go run "go.opentelemetry.io/collector/cmd/builder@$version" --config "$work/config.yaml" \
  --skip-compilation --skip-get-modules >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
gofmt "$work/components.go" >"$output"
