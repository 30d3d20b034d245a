resource "latchkey_group" "payments" {
  name = "payments"
}

resource "latchkey_member" "ada" {
  email = "ada@acme.example"
  name  = "Ada Lovelace"
  role  = "viewer"

  # A viewer of the organization who administers one group.
  group_roles = [
    {
      group_id = latchkey_group.payments.id
      role     = "administrator"
    },
  ]
}
