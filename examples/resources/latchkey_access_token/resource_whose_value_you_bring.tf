# The value comes from elsewhere, such as a secret store, and neither plan nor state holds it. A higher number sets the
# next one.
variable "invoices_token" {
  type      = string
  ephemeral = true
  sensitive = true
}

resource "latchkey_access_token" "invoices" {
  name             = "invoices"
  token_wo         = var.invoices_token
  token_wo_version = 1
}
