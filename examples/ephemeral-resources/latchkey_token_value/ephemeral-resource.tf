# A new value for a secret store, which alone keeps it. No plan and no state holds it.
ephemeral "latchkey_token_value" "billing" {
  prefix = "acme"
}

# The store takes it by a write-only attribute, and an ephemeral read of the store gives it to token_wo:
#
#   resource "google_secret_manager_secret_version" "billing" {
#     secret                 = google_secret_manager_secret.billing.id
#     secret_data_wo         = ephemeral.latchkey_token_value.billing.value
#     secret_data_wo_version = var.billing_version
#   }
