#!/bin/sh
# Checks the scripts: with shellcheck if it is installed, otherwise only their syntax.
set -eu

cd "$(dirname -- "$0")/.."
if command -v shellcheck >/dev/null 2>&1; then
  shellcheck -x tools/*.sh .ci/run
else
  printf '%s\n' 'shellcheck is not in the PATH: checking only the syntax of the scripts.' >&2
  for script in tools/*.sh; do sh -n "$script"; done
  bash -n .ci/run
fi
