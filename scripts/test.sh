#!/bin/sh
# Everything that `npm test` does once the machine is set up, stage by stage; stops at the first that fails.
# Arguments go to vitest: npm test -- test/nodes
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

stage() {
  printf '\n== %s: %s\n' "$1" "$2"
  shift 2
  "$@"
}

stage types 'tsc --noEmit' tsc --noEmit
stage style 'biome check .' biome check --error-on-warnings .
stage build 'node_modules/.bin/tsx scripts/build.ts' tsx scripts/build.ts
stage tests 'vitest run' vitest run --project '!vm' "$@"
