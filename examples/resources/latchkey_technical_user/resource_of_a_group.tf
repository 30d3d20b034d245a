resource "latchkey_group" "payments" {
  name = "payments"
}

# At the level of one group, its role counts only there.
resource "latchkey_technical_user" "reconciler" {
  name     = "reconciler"
  group_id = latchkey_group.payments.id
  role     = "member"
}
