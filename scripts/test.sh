#!/usr/bin/env bash
# Installs what the tests need and runs all of them: unit, component, black-box, browser.
# Usage: scripts/test.sh        (make test)
set -euo pipefail
cd "$(dirname "$0")/.."
export GOFLAGS="-mod=readonly -buildvcs=false"

step() { printf '\n== %s (%s s)\n' "$1" "$SECONDS"; }

install_packages() {
  local missing=()
  command -v chromium >/dev/null 2>&1 || missing+=(chromium fonts-dejavu-core)
  python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null 2>&1 || { echo "install these and try again: ${missing[*]}" >&2; exit 1; }
  local sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

step "install what the tests need"
install_packages
test/servers/install.sh
[ -x .cache/plugin-python/bin/python ] || python3 -m venv .cache/plugin-python
.cache/plugin-python/bin/pip install --quiet --disable-pip-version-check -r examples/plugin-python/requirements.txt
(cd dashboard && npm ci --no-audit --no-fund --loglevel=error)

step "the dashboard's types of the API"
scripts/generate-api.sh --check

step "dashboard: unit tests and build"
(cd dashboard && npm test && npm run --silent build)

step "build bin/pharos and bin/pharos-agent"
go build -trimpath -ldflags "-s -w" -o bin/pharos ./collector
CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/pharos-agent ./agent # as it is packed
export PHAROS_BIN="$PWD/bin/pharos" PHAROS_AGENT_BIN="$PWD/bin/pharos-agent"

step "build the agent for macOS and Windows"
scripts/cross.sh

# -count=1: Go would not notice that the binary has changed, nor that the table has gone.
step "go: unit, component and black-box tests"
rm -rf .cache/matrix
go test -count=1 -timeout 20m ./...

step "browser"
(cd dashboard && npm run --silent test:browser)

step "what ran where"
go run ./test/matrix/cmd

step "all tests passed"
