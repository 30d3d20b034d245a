#!/bin/sh
# install.sh BINARY VERSION
#
# Installs a built provider where `terraform init` and `tofu init` find it without a registry: in the implied local
# mirror, ~/.terraform.d/plugins/<host>/latchkey-dev/latchkey/<version>/<os>_<arch>/.
#
# 1. Builds that differ get different versions. Terraform's lock file keeps a checksum per version, so a different binary
#    with a known version makes `init` fail.
# 2. The version is <major>.<minor> of VERSION with a time as the patch number: that of the commit, so that a lock file
#    holds on every machine that builds the same commit with the same Go; that of the installation where the sources
#    differ from the commit, or where another build has its version. It has no pre-release suffix, because Terraform
#    selects a pre-release only if its exact version is required.
# 3. Binaries are compared by content. Installing the same one again does nothing.
# 4. The last 10 versions stay, because the lock files of projects may name them. Nothing else in the mirror is touched.
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
[ -f "$binary" ] || fail "$binary does not exist. Run \`make build\` first."
[ -n "${HOME:-}" ] || fail 'HOME is not set, so there is nowhere to install to.'

platform=$(go env GOOS)_$(go env GOARCH)
config=$HOME/.terraform.d
mirror=$config/plugins

# installed HOST prints the versions that this script installed for HOST, oldest first. The 14 digits of the time tell
# them from releases and from anything others put there.
installed() {
  for folder in "$mirror/$1/$provider"/*/; do
    basename -- "$folder"
  done | grep -E '^[0-9]+\.[0-9]+\.[0-9]{14}$' | sort -t . -k 1,1n -k 2,2n -k 3,3n
}

# program HOST VERSION prints the path of that version's binary.
program() {
  printf '%s/%s/%s/%s/%s/terraform-provider-latchkey_v%s%s\n' \
    "$mirror" "$1" "$provider" "$2" "$platform" "$2" "$(go env GOEXE)"
}

# is_installed VERSION succeeds if the binary is installed as that version for all hosts.
is_installed() {
  for host in $hosts; do
    cmp -s "$binary" "$(program "$host" "$1")" || return 1
  done
}

# is_taken VERSION succeeds if some build is installed as that version for any host.
is_taken() {
  for host in $hosts; do
    [ ! -e "$(program "$host" "$1")" ] || return 0
  done
  return 1
}

# committed prints the time of the commit if the sources are as it has them.
committed() {
  root=$(dirname -- "$0")/..
  status=$(git -C "$root" status --porcelain 2>/dev/null) && [ -z "$status" ] || return 0
  TZ=UTC0 git -C "$root" log -1 --format=%cd --date=format-local:%Y%m%d%H%M%S
}

# Look only at versions of the same <major>.<minor>: builds of other branches don't matter here.
newest=$(for host in $hosts; do installed "$host" || true; done | grep "^$base\." |
  sort -t . -k 3,3n | tail -n 1)

commit=$(committed)
version=${commit:+$base.$commit}
if [ -z "$version" ] || { is_taken "$version" && ! is_installed "$version"; }; then
  version=$newest
  if [ -z "$version" ] || ! is_installed "$version"; then
    # The patch number is the time, or the newest one plus 1 if the clock is behind it.
    patch=$(date -u +%Y%m%d%H%M%S)
    if [ -n "$newest" ] && [ "$patch" -le "${newest##*.}" ]; then
      patch=$((${newest##*.} + 1))
    fi
    version=$base.$patch
  fi
fi

if is_installed "$version"; then
  say "This build is already installed, as version $version. Nothing to do."
else
  # Copy the binary elsewhere first and then move it, so that an `init` at the same time never sees half of it.
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

  say "Installed latchkey-dev/latchkey $version under $mirror, for Terraform and OpenTofu."
fi

if [ -n "$newest" ] && [ "${newest##*.}" -gt "${version##*.}" ]; then
  say ''
  say "Note: version $newest is newer, and \`init\` prefers it. To use this build, require version = \"$version\"."
fi

say ''
say 'A new project:      declare source = "latchkey-dev/latchkey" in required_providers, then'
say '                    terraform init                 (or tofu init)'
say 'An existing one:    terraform init -upgrade        (or tofu init -upgrade)'
say '                    Without -upgrade it stays with the version in its lock file.'
say "The command line:   mkdir -p ~/bin && install -m 755 $binary ~/bin/latchkey"
say '                    If your shell does not find it, add ~/bin to your PATH.'

# A provider_installation block in the user's configuration replaces the implied local mirror.
for file in "${TF_CLI_CONFIG_FILE:-}" "$HOME/.terraformrc" "$HOME/.tofurc"; do
  if [ -n "$file" ] && [ -f "$file" ] && grep -q '^[[:space:]]*provider_installation' "$file"; then
    say ''
    say "Note: $file has a provider_installation block, so this directory is searched only"
    say "if that block names it: filesystem_mirror { path = \"$mirror\" }"
  fi
done
