#!/usr/bin/env bash
# Writes the Go and Python code of the plugin protocol from agent/plugin/proto/plugin.proto.
# Needs protoc (Debian: protobuf-compiler). Usage: scripts/generate-protocol.sh
set -euo pipefail
cd "$(dirname "$0")/.."
command -v protoc >/dev/null || { echo "install protoc and try again (Debian: apt-get install protobuf-compiler)" >&2; exit 1; }
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
GOFLAGS="" GOBIN="$bin" go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
GOFLAGS="" GOBIN="$bin" go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
PATH="$bin:$PATH" protoc -I agent/plugin/proto --go_out=agent/plugin/proto --go_opt=paths=source_relative \
  --go-grpc_out=agent/plugin/proto --go-grpc_opt=paths=source_relative --python_out=examples/plugin-python plugin.proto
