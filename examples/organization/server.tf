# On a server, what works in the payments group needs a token: that of a technical user who administers the group.
resource "latchkey_technical_user" "payments" {
  count    = var.endpoint == null ? 0 : 1
  name     = "payments-pipeline"
  group_id = latchkey_group.payments.id
  role     = "administrator"
}

resource "latchkey_access_token" "payments" {
  count             = var.endpoint == null ? 0 : 1
  name              = "payments pipeline"
  technical_user_id = latchkey_technical_user.payments[0].id
}
