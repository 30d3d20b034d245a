# Has fewer permissions than its technical user, and works only during an audit.
resource "latchkey_access_token" "audit" {
  name              = "audit"
  technical_user_id = latchkey_technical_user.ci.id
  role              = "viewer"
  activates_at      = "2099-01-01T00:00:00Z"
  expires_at        = "2099-04-01T00:00:00Z"
}
