#!/bin/sh
# Builds OpenTofu from the Go module proxy, in the version that tools/tofu/go.mod names, into .bin/,
# and prints its path. Where that version is there already it only prints the path.
# The path is the only thing on standard output; everything for people goes to standard error.
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
  say 'Go is not in the PATH. It is needed to build OpenTofu (and Latchkey itself): https://go.dev/dl/'
  exit 1
fi

mkdir -p "$root/.bin"
work=$(mktemp -d "$root/.bin/tofu-build.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Building OpenTofu $version into .bin/, from the Go module proxy."
say 'It stands in for Terraform on this machine. This happens once and takes about 6 minutes of'
say 'processor time (3 minutes on 2 cores), plus the download of its modules. To use a Terraform'
say 'or OpenTofu of your own instead, put it in the PATH or set LATCHKEY_TERRAFORM to its path.'

# `go build -v` names each package as it is compiled: counted, that is the progress. Everything it
# says is kept and shown where the build fails.
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
