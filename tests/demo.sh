#!/bin/sh
# SPDX-License-Identifier: MIT
# The main job on our sample packs, in a temporary home: publish, search, install, verify, roll back.
# Prints each command and its real output; ends with 1 at the first thing that is not as it should be.
#     tests/demo.sh GGEN
set -eu

ggen=$(realpath "$1")
packs=$(realpath "$(dirname "$0")/data/packs")
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM

cp -R "$packs" "$dir/packs"
cd "$dir"
for name in $(env | sed -n 's/^\(GGEN_[A-Z0-9_]*\|P2P_ENABLED\|RUST_LOG\|SOURCE_DATE_EPOCH\)=.*/\1/p'); do
    unset "$name"
done
export HOME="$dir" GGEN_HOME="$dir/.ggen" LC_ALL=C.UTF-8

fail () {
    echo "demo: $*" >&2
    exit 1
}

say () {
    printf '\n# %s\n' "$*"
}

# step CODE ARGUMENT...: run ggen, show its output, and insist on its exit code.
step () {
    wanted=$1
    shift
    printf '$ ggen %s\n' "$*"
    code=0
    "$ggen" "$@" </dev/null >output 2>&1 || code=$?
    cat output
    [ "$code" -eq "$wanted" ] || fail "exit code $code, expected $wanted: ggen $*"
}

# shows TEXT...: the last output has each of these.
shows () {
    for text in "$@"; do
        grep -qF -- "$text" output || fail "the output above lacks: $text"
    done
}

lacks () {
    if grep -qF -- "$1" output; then
        fail "the output above should not have: $1"
    fi
}

say "A publisher's key signs every release."
step 0 market key generate

say "Publish. There is no server: the packages go into this home's own registry."
for pack in greeting-core-1.0.0 greeting-core-1.1.0 greeting-rest greeting-docs greeting-world \
        samples-palette; do
    step 0 market publish "packs/$pack"
done

say "Find them by a word of their description."
step 0 market search endpoint
shows greeting-rest
lacks palette
step 0 market search colours
shows @samples/palette
step 0 market info greeting-rest
shows 1.0.0 greeting-core ^1.0

say "Install one: its dependency comes with it, in the newest version that fits."
step 0 market install greeting-rest
step 0 market list
shows greeting-rest greeting-core 1.1.0
lacks greeting-docs

say "Install another, then hash every installed file against what its publisher signed."
step 0 market install greeting-docs
step 0 market list
shows greeting-docs greeting-rest greeting-core
step 0 market verify

say "Somebody edits an installed file: one byte."
file=.ggen/packages/greeting-rest/templates/handler.rs.tera
[ -f "$file" ] || fail "$file is not installed"
printf '$ sed -i s/NOT_FOUND/NOT_FOUNT/ %s\n' "$file"
chmod u+w "$(dirname "$file")"
sed -i s/NOT_FOUND/NOT_FOUNT/ "$file"
cmp -s "$file" packs/greeting-rest/templates/handler.rs.tera && fail "the edit changed nothing"
step 1 market verify
shows greeting-rest templates/handler.rs.tera
lacks openapi.yaml.tera

say "Go back to the state before the last install; it never saw the edit."
step 0 market rollback
step 0 market verify
cmp "$file" packs/greeting-rest/templates/handler.rs.tera || fail "rollback did not restore the file"
step 0 market list
shows greeting-rest greeting-core
lacks greeting-docs

say "Done; the temporary home is removed."
