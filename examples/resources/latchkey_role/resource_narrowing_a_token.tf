# A token of the same technical user with fewer permissions: those that both roles have.
resource "latchkey_role" "auditor" {
  name        = "auditor"
  permissions = ["orders:read"]
}

resource "latchkey_access_token" "audit" {
  name              = "audit"
  technical_user_id = latchkey_technical_user.ci.id
  role              = latchkey_role.auditor.name
}
