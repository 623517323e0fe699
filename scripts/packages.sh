#!/usr/bin/env bash
# Builds deb and rpm packages of the agent into dist/.
# Usage: scripts/packages.sh [FOLDER]        (make packages)
#   ARCHES   architectures, "amd64 arm64" without it
#   VERSION  without it what git says
#   AGENT    a built agent to pack in place of building one, for a single architecture
# The same commit gives the same bytes: times are those of the commit.
set -euo pipefail
cd "$(dirname "$0")/.."
export GOFLAGS="-mod=readonly -buildvcs=false"
out=${1:-dist}

version=${VERSION:-$(git describe --tags 2>/dev/null || true)}
version=${version#v}
commit=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+ ]] || version="0.1.0-dev.$commit"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH VERSION=$version

nfpm() { go tool -modfile=scripts/packager/go.mod nfpm "$@"; }

# plugins builds those of agent/plugins, when there are any, for the architecture.
plugins() {
  local source
  for source in agent/plugins/*/main.go; do
    [ -e "$source" ] || continue
    source=$(dirname "$source")
    [ "$(basename "$source")" != template ] || continue
    CGO_ENABLED=0 GOARCH=$1 go build -trimpath -ldflags "-s -w -buildid= -X main.version=$version" -o "$2/pharos-plugin-$(basename "$source")" "./$source"
  done
}

mkdir -p "$out"
for arch in ${ARCHES:-amd64 arm64}; do
  stage=$(mktemp -d)
  trap 'rm -rf "$stage"' EXIT
  mkdir -p "$stage/plugins"
  if [ -n "${AGENT:-}" ]; then
    cp "$AGENT" "$stage/pharos-agent"
  else
    CGO_ENABLED=0 GOARCH=$arch go build -trimpath \
      -ldflags "-s -w -buildid= -X main.version=$version -X main.commit=$commit -X main.date=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)" \
      -o "$stage/pharos-agent" ./agent
    plugins "$arch" "$stage/plugins"
  fi
  cp -r agent/packaging/pharos-agent.service configs/agent.yaml configs/agent.d docs/guides/agent.md LICENSE "$stage/"
  find "$stage" -exec touch -d "@$SOURCE_DATE_EPOCH" {} +
  for kind in deb rpm; do
    ARCH=$arch STAGE=$stage nfpm package --config agent/packaging/nfpm.yaml --packager "$kind" --target "$out/"
  done
  rm -rf "$stage"
done
