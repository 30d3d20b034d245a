# Who may see or configure a token, by e-mail address.
data "latchkey_access_token" "deploy" {
  name                 = "deploy"
  technical_user_email = "ci@acme.latchkey.internal"
}

data "latchkey_token_shares" "deploy" {
  access_token_id = data.latchkey_access_token.deploy.id
}

data "latchkey_members" "all" {}

locals {
  emails = { for m in data.latchkey_members.all.members : m.id => m.email }
}

output "deploy_is_shared_with" {
  value = { for s in data.latchkey_token_shares.deploy.token_shares : local.emails[s.member_id] => s.role }
}
