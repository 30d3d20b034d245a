resource "latchkey_group" "payments" {
  name = "payments"
}

# A viewer of the organization who administers one group.
resource "latchkey_member" "grace" {
  email = "grace@acme.example"
  role  = "viewer"

  group_roles = [
    {
      group_id = latchkey_group.payments.id
      role     = "administrator"
    },
  ]
}
