resource "latchkey_group" "payments" {
  name = "payments"
}

# Names no technical user, so the system creates one for this token alone, in the group, and deletes it with the token.
resource "latchkey_access_token" "webhook" {
  name     = "webhook"
  group_id = latchkey_group.payments.id
}
