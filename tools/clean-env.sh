# shellcheck shell=sh
# Source this script. It unsets variables that a person set for their own work and that would change a Terraform run
# here: TF_CLI_ARGS, TF_WORKSPACE, TF_VAR_…, LATCHKEY_DATABASE and the like. Settings for logging (TF_LOG…), for the
# test framework (TF_ACC…) and for our own tests (LATCHKEY_TEST_…) stay.
#
# It also unsets LATCHKEY_TERRAFORM. If that should count, run tools/terraform.sh first.

for name in $(env | sed -n 's/^\(TF_[A-Za-z0-9_]*\)=.*/\1/p; s/^\(LATCHKEY_[A-Za-z0-9_]*\)=.*/\1/p'); do
  case $name in
  TF_LOG* | TF_ACC* | LATCHKEY_TEST_*) ;;
  *) unset "$name" ;;
  esac
done
unset name

# No prompts, no hints about commands to run, no calls to HashiCorp's version check.
export TF_INPUT=0 TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
