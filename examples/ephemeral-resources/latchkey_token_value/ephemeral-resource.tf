# A new value for a secret store, which alone keeps it. No plan and no state holds it.
ephemeral "latchkey_token_value" "billing" {
  prefix = "acme"
}

# The store takes it by a write-only attribute, and an ephemeral read of the store gives it to token_wo:
#
#   resource "aws_secretsmanager_secret_version" "billing" {
#     secret_id                = aws_secretsmanager_secret.billing.id
#     secret_string_wo         = ephemeral.latchkey_token_value.billing.value
#     secret_string_wo_version = var.billing_version
#   }
