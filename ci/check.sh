#!/usr/bin/env bash
# What a CI job runs: the regression scenarios against their baselines, with files for the CI system.
#
#   ci/check.sh [OUT] [laneproof check options and paths]
#
# OUT (default runs/check) receives the runs, junit.xml, summary.md and events.jsonl. The exit code is that of `laneproof check`:
# 0 nothing is worse, 100 a bound is broken, 101 worse than a baseline, 102 no baseline, 5 encounters failed, 96 the machine lacks
# something. LANEPROOF names the program (default target/release/laneproof).
set -euo pipefail
out=${1:-runs/check}
shift || true
laneproof=${LANEPROOF:-target/release/laneproof}
mkdir -p "$out"
code=0
"$laneproof" check --out "$out" --junit "$out/junit.xml" --markdown "$out/summary.md" --events "$out/events.jsonl" "$@" || code=$?
# Systems that show a page beside the job take it from the file that they name.
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$out/summary.md" ]; then
    cat "$out/summary.md" >> "$GITHUB_STEP_SUMMARY"
fi
exit "$code"
