#!/usr/bin/env bash
# Measures HEAD against $BASE and leaves the evidence in ./arena-evidence. $WEIGHTS names local models to fetch.
# Exit 0 also where the verdict is no: it is told by who checks the evidence. Other failures fail the job.
set -uo pipefail

for name in ${WEIGHTS-}; do genaiops models pull "$name" || exit 3; done

# what an app prints is not a command to the runner: nothing is obeyed until this word, which it cannot know
fence=$(python3 -c 'import secrets; print(secrets.token_hex(16))')
echo "::stop-commands::$fence"
genaiops arena compare "$BASE" HEAD ${SUITE:+--suite "$SUITE"} --quiet --junit arena-junit.xml
status=$?
echo "::$fence::"
case $status in 0 | 1 | 4) ;; *) exit "$status" ;; esac

run=$(genaiops arena show --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["evidence"])')
rm -rf arena-evidence && cp -R "$run" arena-evidence
