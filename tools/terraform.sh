#!/bin/sh
# Prints the path of the Terraform that the tests, the demo and the docs run with, the first of:
#
#   1. $LATCHKEY_TERRAFORM, whatever it is
#   2. terraform from the PATH
#   3. tofu from the PATH
#   4. an OpenTofu built here, once, by tools/opentofu.sh
#
# One from the PATH that is too old, or that does not run, is passed over with a note.
# The path is the only thing on standard output; everything for people goes to standard error.
set -eu

# The oldest release of either that Latchkey is tested with.
oldest_minor=11

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

say() { printf '%s\n' "$*" >&2; }

# absolute NAME prints the path that running NAME would start.
absolute() {
  found=$(command -v "$1" 2>/dev/null) || return 1
  case $found in
  /*) printf '%s\n' "$found" ;;
  */*) printf '%s/%s\n' "$(CDPATH='' cd -- "$(dirname -- "$found")" && pwd)" "$(basename -- "$found")" ;;
  *) return 1 ;;
  esac
}

# usable PATH: it runs and is new enough.
usable() {
  version=$(CHECKPOINT_DISABLE=1 "$1" version 2>/dev/null |
    sed -n -e 's/^Terraform v\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' \
      -e 's/^OpenTofu v\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
  if [ -z "$version" ]; then
    say "Passing over $1: it does not answer \`version\`."
    return 1
  fi
  major=${version% *} minor=${version#* }
  if [ "$major" -lt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -lt "$oldest_minor" ]; }; then
    say "Passing over $1: it is version $major.$minor; 1.$oldest_minor or newer is needed."
    return 1
  fi
}

if [ -n "${LATCHKEY_TERRAFORM:-}" ]; then
  absolute "$LATCHKEY_TERRAFORM" || {
    say "LATCHKEY_TERRAFORM names \"$LATCHKEY_TERRAFORM\", which is not a program that can be run."
    say 'Unset it, or set it to the path of a terraform or tofu.'
    exit 1
  }
  exit 0
fi

for name in terraform tofu; do
  if path=$(absolute "$name") && usable "$path"; then
    printf '%s\n' "$path"
    exit 0
  fi
done

exec "$here/opentofu.sh"
