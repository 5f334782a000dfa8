#!/usr/bin/env bash
# Prints the path of a validator of CI files that carries the vendors' schemas (check-jsonschema), installed into the cache folder
# on first use; fails, saying why, where it cannot be had. Only tests use it.
set -euo pipefail
version=0.39.0
cache=${LANEPROOF_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/laneproof}
folder=$cache/check-jsonschema-$version
program=$folder/check-jsonschema
if [ ! -x "$program" ]; then
    mkdir -p "$cache"
    fresh=$(mktemp -d "$cache/check-jsonschema.XXXXXX")
    trap 'rm -rf "$fresh"' EXIT
    python3 -m pip install --quiet --disable-pip-version-check --only-binary=:all: --target "$fresh/packages" \
        "check-jsonschema==$version" >&2
    printf '#!/bin/sh\nPYTHONPATH="%s/packages" exec python3 -m check_jsonschema "$@"\n' "$folder" > "$fresh/check-jsonschema"
    chmod +x "$fresh/check-jsonschema"
    # Whole or not at all, and the first of two wins.
    mv -T "$fresh" "$folder" 2>/dev/null || [ -x "$program" ]
fi
echo "$program"
