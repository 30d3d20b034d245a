#!/bin/sh
# install.sh BINARY VERSION
#
# Puts a built provider where `terraform init` and `tofu init` find it without a registry: the implied
# local mirror, ~/.terraform.d/plugins/<host>/latchkey-dev/latchkey/<version>/<os>_<arch>/.
#
# 1. Every build that differs from the last one installed gets a version of its own. Terraform's lock
#    file keeps a checksum per version, so another binary under a known version makes `init` fail.
# 2. That version is <major>.<minor> of VERSION and the time of the installation as the patch number,
#    without a pre-release suffix: Terraform never selects a pre-release unless it is named exactly.
# 3. Binaries are compared by content. The same one again installs nothing.
# 4. The last 10 stay, since lock files of projects may name them; what else lies in the mirror is
#    never touched.
set -eu

keep=10
hosts='registry.terraform.io registry.opentofu.org'
provider=latchkey-dev/latchkey

say() { printf '%s\n' "$*"; }
fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

[ $# -eq 2 ] || fail 'Usage: tools/install.sh BINARY VERSION'
binary=$1
base=$(printf '%s\n' "$2" | sed -n 's/^v\{0,1\}\([0-9]\{1,\}\.[0-9]\{1,\}\)\..*/\1/p')
[ -n "$base" ] || fail "\"$2\" is not a version such as 0.1.0."
[ -f "$binary" ] || fail "$binary is not there. Run \`make build\` first."
[ -n "${HOME:-}" ] || fail 'HOME is not set, so there is no place to install to.'

platform=$(go env GOOS)_$(go env GOARCH)
config=$HOME/.terraform.d
mirror=$config/plugins

# installed HOST prints the versions that this script installed there, oldest first. The
# 14 digits of the time tell them from releases and from what others put there.
installed() {
  for folder in "$mirror/$1/$provider"/*/; do
    basename -- "$folder"
  done | grep -E '^[0-9]+\.[0-9]+\.[0-9]{14}$' | sort -t . -k 1,1n -k 2,2n -k 3,3n
}

# program HOST VERSION prints where that version's binary is.
program() {
  printf '%s/%s/%s/%s/%s/terraform-provider-latchkey_v%s%s\n' \
    "$mirror" "$1" "$provider" "$2" "$platform" "$2" "$(go env GOEXE)"
}

# Only versions of the same <major>.<minor>: another branch's builds are another matter.
newest=$(for host in $hosts; do installed "$host" || true; done | grep "^$base\." |
  sort -t . -k 3,3n | tail -n 1)

version=
if [ -n "$newest" ]; then
  version=$newest
  for host in $hosts; do
    cmp -s "$binary" "$(program "$host" "$newest")" || version=
  done
fi

if [ -n "$version" ]; then
  say "This very build is installed already, as version $version. Nothing to do."
else
  # The time as the patch number, or one more than the newest where the clock runs behind it.
  patch=$(date -u +%Y%m%d%H%M%S)
  if [ -n "$newest" ] && [ "$patch" -le "${newest##*.}" ]; then
    patch=$((${newest##*.} + 1))
  fi
  version=$base.$patch

  # Copied aside and moved into place whole, so that an `init` at the same moment never sees a half.
  mkdir -p "$config"
  staging=$(mktemp -d "$config/latchkey-install.XXXXXX")
  trap 'rm -rf "$staging"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  for host in $hosts; do
    target=$(program "$host" "$version")
    mkdir -p "$staging/$host"
    cp "$binary" "$staging/$host/${target##*/}"
    chmod 755 "$staging/$host" "$staging/$host/${target##*/}"
    mkdir -p "$(dirname -- "$(dirname -- "$target")")"
    mv "$staging/$host" "$(dirname -- "$target")"
    installed "$host" | sort -t . -k 1,1nr -k 2,2nr -k 3,3nr | tail -n "+$((keep + 1))" |
      while read -r old; do
        rm -rf "${mirror:?}/$host/$provider/$old"
      done
  done

  say "Installed latchkey-dev/latchkey $version below $mirror, for Terraform and OpenTofu."
fi

say ''
say 'A new project:      declare source = "latchkey-dev/latchkey" in required_providers, then'
say '                    terraform init                 (or tofu init)'
say 'An existing one:    terraform init -upgrade        (or tofu init -upgrade)'
say '                    Without -upgrade it stays with the version in its lock file.'
say "The command line:   $binary token list, for instance; the guides call it latchkey"

# A provider_installation block of the user's own takes the place of the implied local mirror.
for file in "${TF_CLI_CONFIG_FILE:-}" "$HOME/.terraformrc" "$HOME/.tofurc"; do
  if [ -n "$file" ] && [ -f "$file" ] && grep -q '^[[:space:]]*provider_installation' "$file"; then
    say ''
    say "Note: $file has a provider_installation block, so this folder is searched only"
    say "if that block names it: filesystem_mirror { path = \"$mirror\" }"
  fi
done
