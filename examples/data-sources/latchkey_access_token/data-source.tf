# By its name and the technical user that it belongs to; or by id, where you have it.
data "latchkey_access_token" "deploy" {
  name                 = "deploy"
  technical_user_email = "ci@acme.latchkey.internal"
}

# Every plan warns once the token no longer opens anything.
check "deploy" {
  assert {
    condition     = data.latchkey_access_token.deploy.status == "active"
    error_message = "The deploy token is ${data.latchkey_access_token.deploy.status}."
  }
}

# Null is never.
output "deploy_last_used_at" {
  value = data.latchkey_access_token.deploy.last_used_at
}

# The roles that the token can use now.
output "deploy_grants" {
  value = data.latchkey_access_token.deploy.grants
}
