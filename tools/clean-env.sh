# shellcheck shell=sh
# To be sourced. Takes out of the environment what a person set for work of their own and what would
# change a run of Terraform here: TF_CLI_ARGS, TF_WORKSPACE, TF_VAR_…, LATCHKEY_DATABASE and the like.
# Logging (TF_LOG…) and the test framework's settings (TF_ACC…) stay.
#
# Ask tools/terraform.sh first where LATCHKEY_TERRAFORM should count.

for name in $(env | sed -n 's/^\(TF_[A-Za-z0-9_]*\)=.*/\1/p; s/^\(LATCHKEY_[A-Za-z0-9_]*\)=.*/\1/p'); do
  case $name in
  TF_LOG* | TF_ACC*) ;;
  *) unset "$name" ;;
  esac
done
unset name

# No question on a terminal, no hints about commands to type, no call to HashiCorp's version check.
export TF_INPUT=0 TF_IN_AUTOMATION=1 CHECKPOINT_DISABLE=1
