#!/bin/sh
# Prints -race if this machine can build with Go's race detector, which needs cgo and a C compiler. Otherwise prints
# nothing, and explains why on standard error.
#
# The detector watches our code and the database driver, but not SQLite itself and the C library, which were translated
# to Go: they locked in C already, and watching each of their memory accesses took most of the time of all tests. Nor does
# it watch regular expressions and the parser of the command line, which share nothing.
set -eu

without() {
  printf 'Testing without the race detector: %s.\n' "$1" >&2
  exit 0
}

[ "$(go env CGO_ENABLED)" = 1 ] || without 'cgo is off, or there is no C compiler'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' >"$work/probe.c"
cc=$(go env CC)
# $cc is a command with its options, so it has to be split into words.
# shellcheck disable=SC2086
$cc -pthread -o "$work/probe" "$work/probe.c" >/dev/null 2>&1 || without "the C compiler ($cc) does not work"

printf '%s ' -race
printf -- '-gcflags=%s=-race=false ' modernc.org/sqlite/lib modernc.org/libc/... modernc.org/memory modernc.org/mathutil \
  regexp/... github.com/alecthomas/kong
