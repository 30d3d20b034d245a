# At organization level: one role everywhere, and a stronger one in one group.
resource "latchkey_technical_user" "ci" {
  name        = "ci"
  description = "Runs the delivery pipelines"
  role        = "viewer"

  group_roles = [
    {
      group_id = latchkey_group.payments.id
      role     = "manager"
    },
  ]
}

# At the level of one group: its role applies only in that group.
resource "latchkey_technical_user" "reconciler" {
  name     = "reconciler"
  group_id = latchkey_group.payments.id
  role     = "member"
}

resource "latchkey_group" "payments" {
  name = "payments"
}
