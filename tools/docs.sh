#!/bin/sh
# docs.sh            regenerates docs/ from the provider's schema, templates/ and examples/, and formats the examples
# docs.sh --check    changes nothing; prints the differences and fails if docs/ or the formatting is out of date
#
# Needs a built provider in .bin/. By default, tfplugindocs downloads its own Terraform to read the schema. To avoid that,
# the script passes it the schema, read with the Terraform that tools/terraform.sh names.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cd "$root"
check=0
if [ "${1:-}" = --check ]; then check=1; fi

say() { printf '%s\n' "$*" >&2; }

terraform=$(tools/terraform.sh)
# shellcheck source=tools/clean-env.sh
. tools/clean-env.sh

(cd tools/docs && CGO_ENABLED=0 GOWORK=off go build -trimpath -buildvcs=false -o ../../.bin/tfplugindocs \
  github.com/hashicorp/terraform-plugin-docs/cmd/tfplugindocs)

work=$(mktemp -d "$root/.bin/docs.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# 1. Read the schema from the built provider.
mkdir "$work/schema" "$work/rendered"
cat >"$work/cli.tfrc" <<END
provider_installation {
  dev_overrides {
    "latchkey-dev/latchkey" = "$root/.bin"
  }
}
END
cat >"$work/schema/main.tf" <<'END'
terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}
END
(cd "$work/schema" && TF_CLI_CONFIG_FILE="$work/cli.tfrc" "$terraform" providers schema -json) >"$work/answer.json"
# List resources and actions come from the provider itself, since an older Terraform leaves them out.
go run ./tools/schema <"$work/answer.json" >"$work/schema.json"

# 2. Render the pages.
rendered=${work#"$root"/}/rendered
.bin/tfplugindocs generate --provider-dir "$root" --provider-name latchkey --rendered-provider-name Latchkey \
  --providers-schema "$work/schema.json" --rendered-website-dir "$rendered" >"$work/log" 2>&1 || {
  say 'tfplugindocs failed:'
  cat "$work/log" >&2
  exit 1
}

# 3. Move the pages into the tree, or compare them with it.
if [ "$check" -eq 0 ]; then
  "$terraform" fmt -recursive examples >&2
  rm -rf docs
  mv "$work/rendered" docs
  say 'docs/ is up to date.'
  exit 0
fi

current=1
"$terraform" fmt -check -diff -recursive examples >&2 || current=0
mkdir -p "$work/none"
tree=docs
if [ ! -d docs ]; then tree=$work/none; fi
diff -ru "$tree" "$rendered" >&2 || current=0
if [ "$current" -eq 0 ]; then
  say ''
  say 'The generated files are out of date. The differences are above.'
  say 'Run make generate and commit the changes.'
  exit 1
fi
say 'docs/ and the examples are up to date.'
