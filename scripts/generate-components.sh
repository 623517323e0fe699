#!/usr/bin/env bash
# Writes collector/components.go from builder-config.yaml with the Collector's builder.
# Usage: scripts/generate-components.sh [output file]
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-collector/components.go}
version=v0.165.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed "s|^dist:|dist:\n  output_path: $work|" builder-config.yaml >"$work/config.yaml"
GOFLAGS=-mod=mod go run "go.opentelemetry.io/collector/cmd/builder@$version" --config "$work/config.yaml" \
  --skip-compilation --skip-get-modules >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
gofmt "$work/components.go" >"$output"
