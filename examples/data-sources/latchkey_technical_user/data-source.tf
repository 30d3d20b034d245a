# A technical user that another configuration manages.
data "latchkey_technical_user" "ci" {
  email = "ci@acme.latchkey.internal"
}

resource "latchkey_access_token" "release_notes" {
  name              = "release notes"
  technical_user_id = data.latchkey_technical_user.ci.id
  role              = "viewer"
}

# Look it up by name, which is unique at its level: here, the organization. For a group, add group_id.
data "latchkey_technical_user" "by_name" {
  name = "ci"
}

output "ci_is_enabled" {
  value = data.latchkey_technical_user.by_name.enabled
}
