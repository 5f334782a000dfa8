#!/usr/bin/env bash
# Records what comes of the regression scenarios under something else, for tests/tests/recorded.rs: `tests/recorded/record.sh NAME…`,
# about half an hour each on two cores. NAME says what is otherwise:
#   rekeyed-N        nothing but the sensors' noise
#   reseeded-N       everybody who comes, and how
#   camera-dropped   the first camera of every rig takes no pictures
# The outcomes are written in the form of baselines, one line an encounter, into tests/recorded/NAME.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
laneproof=${LANEPROOF:-$root/target/release/laneproof}
work=${LANEPROOF_RECORDING:-$root/runs/recorded}

for name in "$@"; do
    mkdir -p "$work/$name"
    for scenario in scenarios/regression/*.toml; do
        # Rigs and mixes of the folder's own are no scenarios.
        grep -qE '^(encounters|extends) *=' "$scenario" || continue
        {
            echo "extends = \"$root/$scenario\""
            case $name in
                rekeyed-*) echo "noise_key = ${name#rekeyed-}" ;;
                reseeded-*) echo "seed = $((7000 + ${name#reseeded-}))" ;;
                camera-dropped) printf '[set]\n"rig.cameras[0].triggers" = []\n' ;;
                *) echo "record.sh: no recording is called $name" >&2; exit 2 ;;
            esac
        } > "$work/$name/$(basename "$scenario")"
    done
    # Without a baseline a check says so (102); --accept writes what came of it as one.
    "$laneproof" check "$work/$name" --out "$work/runs" --resume --accept
    rm -rf "tests/recorded/$name"
    cp -r "$work/baselines/$name" "tests/recorded/$name"
done
