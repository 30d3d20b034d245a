#!/bin/sh
# with-terraform.sh COMMAND [ARGUMENT...]
#
# Runs a command in the environment that the acceptance tests and the benchmarks need: with a Terraform
# (tools/terraform.sh says which) and without the user's own Terraform settings.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
terraform=$("$here/terraform.sh")
# shellcheck source=tools/clean-env.sh
. "$here/clean-env.sh"

export TF_ACC=1 TF_ACC_TERRAFORM_PATH="$terraform"
version=$("$terraform" version | sed -n -e '/^Terraform v/p' -e '/^OpenTofu v/p')
case $version in
OpenTofu*)
  # OpenTofu looks for providers without an address in its own registry.
  export TF_ACC_PROVIDER_HOST=registry.opentofu.org TF_ACC_PROVIDER_NAMESPACE=hashicorp
  ;;
esac

printf 'Running with %s (%s)\n' "$version" "$terraform" >&2
exec "$@"
