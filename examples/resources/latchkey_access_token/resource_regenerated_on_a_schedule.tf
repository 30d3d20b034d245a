# Each secret lives 90 days, and an apply within the last 14 days creates the next one. The token keeps its id, and the
# previous value stays valid for 2 more days.
resource "latchkey_access_token" "nightly" {
  name              = "nightly"
  technical_user_id = latchkey_technical_user.ci.id

  ttl                      = "90d"
  regenerate_before_expiry = "14d"
  grace_period             = "2d"
}
