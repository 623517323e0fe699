#!/usr/bin/env bash
# Writes docs/formats/openapi.json from the server's handlers, and dashboard/src/api/schema.d.ts from
# that. With --check it writes nothing and fails when the types are not those of the document.
# Usage: scripts/generate-api.sh [--check]
set -euo pipefail
cd "$(dirname "$0")/.."
document=docs/formats/openapi.json
types=dashboard/src/api/schema.d.ts
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The generator wants an older TypeScript than the dashboard's, so it lives in a package of its own.
(cd scripts/api-types && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund --loglevel=error)

write_types() {
  scripts/api-types/node_modules/.bin/openapi-typescript "$document" --output "$work/schema.d.ts" >"$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
  {
    echo "// The API's types, written by scripts/generate-api.sh. Do not edit."
    echo "// Of $document, sha256 $(sha256sum "$document" | cut -d' ' -f1)."
    cat "$work/schema.d.ts"
  } >"$1"
}

if [ "${1:-}" = --check ]; then
  write_types "$work/expected.d.ts"
  diff -u "$types" "$work/expected.d.ts" >"$work/diff" && exit 0
  head -50 "$work/diff" >&2
  echo "$types is not of $document: run scripts/generate-api.sh and commit both" >&2
  exit 1
fi
go test ./extensions/backendextension -run '^TestOpenAPIDocument$' -count=1 -update >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
write_types "$types"
