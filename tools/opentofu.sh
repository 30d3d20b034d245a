#!/bin/sh
# Builds OpenTofu from the Go module proxy into .bin/, in the version that tools/tofu/go.mod names, and prints its path.
# If that version is already there, only prints the path. Messages go to standard error; standard output has only the path.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
version=$(sed -n 's|^[[:space:]]*github.com/opentofu/opentofu v\([^ ]*\).*|\1|p' "$root/tools/tofu/go.mod")
binary=$root/.bin/tofu-$version

say() { printf '%s\n' "$*" >&2; }

if [ -x "$binary" ]; then
  printf '%s\n' "$binary"
  exit 0
fi

if ! command -v go >/dev/null 2>&1; then
  say 'Go is not in the PATH. You need it to build OpenTofu (and Latchkey itself): https://go.dev/dl/'
  exit 1
fi

mkdir -p "$root/.bin"
work=$(mktemp -d "$root/.bin/tofu-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Building OpenTofu $version into .bin/ from the Go module proxy, to use in place of Terraform."
say 'This happens once and takes about 6 minutes of processor time (3 minutes on 2 cores), plus the'
say 'time to download the modules. To use your own Terraform or OpenTofu instead, put it in the PATH'
say 'or set LATCHKEY_TERRAFORM to its path.'

# `go build -v` prints each package as it compiles it. Count the lines to show the progress, and keep the output in case
# the build fails.
terminal=0
if [ -t 2 ]; then terminal=1; fi
: >"$work/ok"
{
  (cd "$root/tools/tofu" && CGO_ENABLED=0 GOWORK=off go build -v -trimpath -buildvcs=false \
    -ldflags '-s -w -X github.com/opentofu/opentofu/version.dev=no' \
    -o "$work/tofu" github.com/opentofu/opentofu/cmd/tofu) 2>&1 || rm -f "$work/ok"
} | tee "$work/log" | awk -v terminal="$terminal" '
  /^go: downloading/ { downloaded++ }
  !/^go: / { compiled++ }
  terminal { printf "\r  %d modules downloaded, %d packages compiled", downloaded, compiled; fflush(); next }
  NR % 200 == 0 { printf "  %d modules downloaded, %d packages compiled\n", downloaded, compiled; fflush() }
  END { if (terminal) print ""; else printf "  %d modules downloaded, %d packages compiled\n", downloaded, compiled }
' >&2

if [ ! -e "$work/ok" ] || [ ! -x "$work/tofu" ]; then
  say 'OpenTofu did not build. The last lines of the build:'
  tail -n 20 "$work/log" >&2
  exit 1
fi

mv -f "$work/tofu" "$binary"
say "Built $binary"
printf '%s\n' "$binary"
