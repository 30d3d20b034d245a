# Look a token up by its name and its technical user, or by id if you have it.
data "latchkey_access_token" "deploy" {
  name                 = "deploy"
  technical_user_email = "ci@acme.latchkey.internal"
}

# Every plan warns once the token no longer works.
check "deploy" {
  assert {
    condition     = data.latchkey_access_token.deploy.status == "active"
    error_message = "The deploy token is ${data.latchkey_access_token.deploy.status}."
  }
}

# Null means never.
output "deploy_last_used_at" {
  value = data.latchkey_access_token.deploy.last_used_at
}

# The roles that the token has now.
output "deploy_grants" {
  value = data.latchkey_access_token.deploy.grants
}
