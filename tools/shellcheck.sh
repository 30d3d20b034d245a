#!/bin/sh
# Checks the scripts: with shellcheck where the machine has it, else their syntax alone.
set -eu

cd "$(dirname -- "$0")/.."
if command -v shellcheck >/dev/null 2>&1; then
  shellcheck -x tools/*.sh .ci/run
else
  printf '%s\n' 'shellcheck is not in the PATH: the scripts are checked for syntax alone.' >&2
  for script in tools/*.sh; do sh -n "$script"; done
  bash -n .ci/run
fi
