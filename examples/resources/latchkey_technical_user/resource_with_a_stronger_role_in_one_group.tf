# A viewer of the organization who manages one group.
resource "latchkey_technical_user" "release" {
  name = "release"
  role = "viewer"

  group_roles = [
    {
      group_id = latchkey_group.payments.id
      role     = "manager"
    },
  ]
}
