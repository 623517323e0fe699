#!/usr/bin/env bash
# Builds the agent for the systems that nothing here runs on, and vets the parts that differ there.
# Usage: scripts/cross.sh        (make cross)
set -euo pipefail
cd "$(dirname "$0")/.."
export GOFLAGS="-mod=readonly -buildvcs=false" CGO_ENABLED=0

for target in darwin/arm64 windows/amd64; do
  export GOOS="${target%/*}" GOARCH="${target#*/}"
  go build -o /dev/null ./agent
  go vet ./receivers/hostreceiver ./internal/hostidentity
done
