#!/bin/sh
# Prints the path of the Terraform that the tests, the demo and the docs use. It is the first of:
#
#   1. $LATCHKEY_TERRAFORM, whatever it is
#   2. terraform from the PATH
#   3. tofu from the PATH
#   4. an OpenTofu that tools/opentofu.sh builds once
#
# Skips one from the PATH, with a note, if it is too old or doesn't run.
# Messages go to standard error; standard output has only the path.
set -eu

# The oldest minor release, of either, that Latchkey is tested with.
oldest_minor=11

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

say() { printf '%s\n' "$*" >&2; }

# absolute NAME prints the path of the program that NAME runs.
absolute() {
  found=$(command -v "$1" 2>/dev/null) || return 1
  case $found in
  /*) printf '%s\n' "$found" ;;
  */*) printf '%s/%s\n' "$(CDPATH='' cd -- "$(dirname -- "$found")" && pwd)" "$(basename -- "$found")" ;;
  *) return 1 ;;
  esac
}

# usable PATH succeeds if the program runs and is new enough.
usable() {
  version=$(CHECKPOINT_DISABLE=1 "$1" version 2>/dev/null |
    sed -n -e 's/^Terraform v\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' \
      -e 's/^OpenTofu v\([0-9]*\)\.\([0-9]*\).*/\1 \2/p' | head -n 1)
  if [ -z "$version" ]; then
    say "Skipping $1: it does not answer \`version\`."
    return 1
  fi
  major=${version% *} minor=${version#* }
  if [ "$major" -lt 1 ] || { [ "$major" -eq 1 ] && [ "$minor" -lt "$oldest_minor" ]; }; then
    say "Skipping $1: it is version $major.$minor, but 1.$oldest_minor or newer is needed."
    return 1
  fi
}

if [ -n "${LATCHKEY_TERRAFORM:-}" ]; then
  absolute "$LATCHKEY_TERRAFORM" || {
    say "LATCHKEY_TERRAFORM is set to \"$LATCHKEY_TERRAFORM\", which is not an executable."
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
