# The value comes from elsewhere, such as a secret store, and neither plan nor state holds it. A higher number sets the
# next one.
variable "billing_token" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "latchkey_access_token" "billing" {
  name             = "billing"
  token_wo         = var.billing_token
  token_wo_version = 1
}
