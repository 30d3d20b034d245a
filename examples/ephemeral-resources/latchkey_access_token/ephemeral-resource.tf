# An account for smoke tests, and a token of it that works while the run lasts.
resource "latchkey_technical_user" "smoke_test" {
  name = "smoke-test"
  role = "member"
}

ephemeral "latchkey_access_token" "smoke_test" {
  technical_user_id = latchkey_technical_user.smoke_test.id
  role              = "viewer"
  ttl               = "15m"
}

# Provisioners, write-only attributes and provider blocks take ephemeral values, which no plan and no state holds.
resource "terraform_data" "smoke_test" {
  triggers_replace = ["release 7"]

  provisioner "local-exec" {
    # In its place: curl --fail --oauth2-bearer "$API_TOKEN" https://api.example.com/health
    command     = "test -n \"$API_TOKEN\""
    environment = { API_TOKEN = ephemeral.latchkey_access_token.smoke_test.token }
  }
}
