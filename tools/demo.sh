#!/bin/sh
# demo.sh BINARY
#
# Shows the life of access tokens for real: applies examples/quickstart in a temporary directory, then regenerates, stops
# and verifies tokens, and has a server answer for them. Checks every outcome; the first unexpected one ends the demo with
# exit code 1. Prints no values and leaves nothing behind.
set -eu
umask 077

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
if [ $# -ne 1 ] || ! [ -x "$1" ]; then
  printf '%s\n' 'Usage: tools/demo.sh BINARY (make demo builds the binary and runs this)' >&2
  exit 1
fi
latchkey=$(CDPATH='' cd -- "$(dirname -- "$1")" && pwd)/$(basename -- "$1")

terraform=$("$root/tools/terraform.sh")
# shellcheck source=tools/clean-env.sh
. "$root/tools/clean-env.sh"
for name in $(env | sed -n 's/^\(TF_LOG[A-Z_]*\)=.*/\1/p'); do unset "$name"; done

work=$(mktemp -d)
server='' # the process of the server, while it runs
trap '[ -z "$server" ] || kill "$server"; rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- Output -----------------------------------------------------------------------------------------

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
  bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi
number=0

say() { printf '%s\n' "$*"; }

# step TITLE [LINE...] begins a chapter.
step() {
  number=$((number + 1))
  printf '\n%s%d. %s%s\n' "$bold" "$number" "$1" "$plain"
  shift
  for line in "$@"; do printf '   %s\n' "$line"; done
  printf '\n'
}

indent() { sed 's/^/     /'; }

# fail MESSAGE ends the demo. It prints the last output of Terraform or Latchkey, which shows the cause.
fail() {
  {
    printf '\nThe demo stopped: %s\n' "$1"
    if [ -s "$work/said" ]; then
      printf 'The last output was:\n\n'
      indent <"$work/said"
    fi
  } >&2
  exit 1
}

# ---- Actions ----------------------------------------------------------------------------------------

# run EXPECTED-EXIT-CODE WHAT COMMAND... runs a command and keeps its output in $work/said.
run() {
  expected=$1 what=$2 code=0
  shift 2
  "$@" >"$work/said" 2>&1 || code=$?
  [ "$code" -eq "$expected" ] || fail "$what ended with exit code $code; $expected was expected."
}

# apply WHAT applies the configuration and shows one line per object and the summary.
apply() {
  printf '   $ %s apply -auto-approve\n\n' "$tool"
  run 0 "$1" "$terraform" apply -auto-approve -no-color
  grep -E '^latchkey_.*: (Creation|Modifications|Destruction) complete|^Apply complete' "$work/said" | indent
}

# output NAME prints an output value. Use it only in pipes, never to display the value.
output() { "$terraform" output -raw "$1"; }

# show ARGUMENT... runs a latchkey command and shows its output.
show() { show_exit 0 "$@"; }

# show_exit EXPECTED-EXIT-CODE ARGUMENT... is show for a command that may fail.
show_exit() {
  expected=$1
  shift
  printf '   $ latchkey %s\n\n' "$*"
  run "$expected" "latchkey $1 $2" "$latchkey" "$@"
  indent <"$work/said"
}

# verify ANSWER WHAT verifies the value on standard input and expects ANSWER: "active", or "not active: " and the reason.
# The value is never an argument of a program, so no process list shows it.
verify() {
  case $1 in active) expected=0 ;; *) expected=1 ;; esac
  value=$(cat) code=0
  [ -n "$value" ] || fail "there is no value to verify: $2."
  printf '%s\n' "$value" | "$latchkey" token verify >"$work/said" 2>"$work/trouble" || code=$?
  value=
  # A refusal is an answer and goes to standard output. Anything on standard error is an error.
  cat "$work/trouble" >>"$work/said"
  [ "$code" -eq "$expected" ] || fail "$2: token verify ended with exit code $code; $expected was expected."
  grep -q "^$1" "$work/said" || fail "$2: the answer should begin with \"$1\"."
  printf '   %s:\n\n' "$2"
  indent <"$work/said"
}

# start_server starts a server at a free port, and waits until it may be asked.
start_server() {
  printf '   $ latchkey serve &\n'
  "$latchkey" serve --listen 127.0.0.1:0 --drain 0s >"$work/said" 2>&1 &
  server=$!
  tries=0
  until
    port=$(sed -n 's/.*address=http:..127\.0\.0\.1:\([0-9]*\).*/\1/p' "$work/said")
    [ -n "$port" ] && echo | get /readyz | grep -q '^HTTP/1.1 200 '
  do
    tries=$((tries + 1))
    if [ "$tries" -eq 100 ] || ! kill -0 "$server" 2>/dev/null; then fail 'the server did not start.'; fi
    sleep 0.1
  done
}

# stop_server ends the server as a service manager does.
stop_server() {
  code=0
  kill "$server"
  wait "$server" || code=$?
  server=''
  [ "$code" -eq 0 ] || fail "the server ended with exit code $code; 0 was expected."
}

# get PATH asks the server about the value on standard input. A machine need not have curl, so bash sends the request, and
# no process list shows the value.
get() {
  # shellcheck disable=SC2016 # bash expands it
  bash -c '
    IFS= read -r value
    exec 3<>"/dev/tcp/127.0.0.1/$1"
    printf "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n" "$2" "$value" >&3
    cat <&3
  ' get "$port" "$1" 2>&1 | tr -d '\r'
}

# ask STATUS WHAT PATH asks the server about the value on standard input, as a gateway does, and expects STATUS.
ask() {
  value=$(cat)
  [ -n "$value" ] || fail "there is no value to ask about: $2."
  printf '%s\n' "$value" | get "$3" | grep -E '^(HTTP/|X-Latchkey-|Www-Authenticate)' >"$work/said" || true
  value=
  grep -q "^HTTP/1.1 $1 " "$work/said" || fail "$2: the server should answer $1."
  printf '   %s: GET %s\n\n' "$2" "$3"
  indent <"$work/said"
}

# ---- The demo ---------------------------------------------------------------------------------------

cp "$root"/examples/quickstart/*.tf "$work/"
cd "$work"

# Terraform uses the built provider, without a registry and without `init`.
cat >cli.tfrc <<END
provider_installation {
  dev_overrides {
    "latchkey-dev/latchkey" = "$(dirname -- "$latchkey")"
  }
}
END
export TF_CLI_CONFIG_FILE="$work/cli.tfrc"

version=$("$terraform" version | sed -n -e '/^Terraform v/p' -e '/^OpenTofu v/p')
case $version in OpenTofu*) tool=tofu ;; *) tool=terraform ;; esac

say "${bold}Latchkey: access tokens as code${plain}"
say ''
say "With $version ($terraform), in a temporary directory that is removed at the end."
say 'The configuration is examples/quickstart. Below, latchkey stands for the binary just built.'

step 'Apply: a group, two people, a technical user, three tokens, two shares' \
  'The provider has its own backend: one SQLite file, created by this first apply.'
apply 'The first apply'
run 0 'A plan right after the apply' "$terraform" plan -detailed-exitcode -no-color
say ''
say '   A plan right after that has nothing to do.'

step 'List them on the command line' \
  'The list shows the beginning of each value. The database holds only hashes: no value can be read back.'
show token list --columns name,id,token_preview,role,expires_at,status
id=$(output deploy_token_id)

step 'Verify a real value' \
  'Terraform passes the value of the deploy token on standard input, as it would in a pipeline.'
output deploy_token | verify active 'The value of the deploy token is accepted'
say ''
printf '%s' "$id" | verify 'not active: malformed' 'The id of that token is not a secret and opens nothing'

step 'Regenerate: change a trigger, apply' \
  'The same token with the same id gets a new secret. Nobody is interrupted: the previous one stays valid for a day.'
before=$(output deploy_token)
say '   $ echo '\''deploy_secret_generation = "2"'\'' >> terraform.tfvars'
printf 'deploy_secret_generation = "2"\n' >>terraform.tfvars
apply 'The apply with the changed trigger'
[ "$(output deploy_token_id)" = "$id" ] || fail 'the regenerated token has another id.'
[ "$(output deploy_secret_version)" = 2 ] || fail 'the secret version is not 2.'
say ''
output deploy_token | verify active 'The new value is accepted'
say ''
printf '%s' "$before" | verify active 'The old value is still accepted, too'
say ''
show token retire-previous "$id"
say ''
printf '%s' "$before" | verify 'not active: superseded' 'Everyone has switched, so the old value is refused'
before=

step 'Outside Terraform: someone disables a token by hand'
report=$(output report_token_id)
show token disable "$report"
say ''
output report_token | verify 'not active: disabled' 'Its value is now refused'

step 'The next plan catches it' \
  'A pipeline can tell by the exit code: 0 means no change, 2 means drift.'
printf '   $ %s plan -detailed-exitcode\n\n' "$tool"
run 2 'A plan after the outside change' "$terraform" plan -detailed-exitcode -no-color
# Show the first change and what follows, without Terraform's warning about the development override.
awk '/^  # latchkey_/ { on = 1 } /^Warning: / { on = !/development overrides/ } on' "$work/said" | indent
grep -q 'latchkey_access_token.report will be updated' "$work/said" || fail 'the plan does not mention the disabled token.'
printf '\n     (exit code 2)\n'

step 'Apply puts it right'
apply 'The apply that enables the token again'
say ''
output report_token | verify active 'Its value is accepted again'

step 'Who may do what' \
  'Ada administers the payments group, which owns the webhook token. Grace is a member of the organization.'
webhook=$(output webhook_token_id)
show --act-as ada@acme.example token hold "$webhook" --reason suspicious
say ''
show_exit 1 --act-as grace@acme.example token release "$webhook"
grep -q 'tokens:manage' "$work/said" || fail 'the refusal does not name the missing permission.'
say ''
show --act-as ada@acme.example token release "$webhook"

step 'A server answers for gateways' \
  'An API gateway asks it about each request, and tells the API behind whose token it was.'
start_server
say ''
output deploy_token | ask 200 'The deploy token is good' /v1/authenticate
say ''
output deploy_token | ask 403 'But it may not change orders' /v1/authorize/orders:write

step 'Disable the token in the configuration, apply, and it is refused'
cat >deploy_override.tf <<'END'
resource "latchkey_access_token" "deploy" {
  enabled = false
}
END
say '   $ cat deploy_override.tf'
say ''
indent <deploy_override.tf
say ''
apply 'The apply that disables the deploy token'
say ''
output deploy_token | ask 401 'The deploy token is refused' /v1/authenticate
stop_server
say ''
say '   The server has ended, and recorded when the token was last used:'
say ''
show token list --columns name,last_used_at,status
grep -q '^deploy  *20' "$work/said" || fail 'the use of the deploy token was not recorded.'

step 'Every step is in the audit log'
show event list --columns at,actor,action,outcome

say ''
say "${bold}Done.${plain} The temporary directory is removed. Next:"
say '   make test        run all tests, including the acceptance tests'
say '   make install     use the provider in your own configuration'
