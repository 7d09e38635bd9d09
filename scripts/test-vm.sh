#!/bin/sh
# Runs the tests in virtual machines. A file is one story in one machine, so a case can hardly be tried again by itself: a file in which
# something fails is run once more as a whole, in a new machine, and named. It is a fault all the same, of the test or of the code.
# Arguments go to vitest: npm run test:vm -- test/vm/desktop-vnc.test.ts
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
results=.cache/vm/results.json

run() {
  rm -f "$results"
  vitest run --project vm --reporter=default --reporter=./scripts/closing-line-reporter.ts \
    --reporter=json --outputFile.json="$results" "$@"
}

failed_files() {
  node -e '
    const { testResults } = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
    const failed = testResults.filter(({ status }) => status !== "passed").map(({ name }) => name);
    console.log(failed.map((name) => require("node:path").relative(process.cwd(), name)).join(" "));' "$results"
}

run "$@" && exit 0
failed=$(failed_files)
[ -n "$failed" ] || exit 1
printf '\n== FAILED at the first try, see above: %s\n== once more, in new machines\n' "$failed"
# shellcheck disable=SC2086 # our own files, without spaces
run $failed
