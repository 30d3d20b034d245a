# Replaced with a new token, with a new id, whenever a value in replace_triggers changes. Both exist until Terraform has
# updated everything that uses the token.
resource "latchkey_access_token" "partner" {
  name              = "partner"
  technical_user_id = latchkey_technical_user.ci.id

  replace_triggers = {
    contract = "2026-118"
  }

  lifecycle {
    create_before_destroy = true
  }
}
