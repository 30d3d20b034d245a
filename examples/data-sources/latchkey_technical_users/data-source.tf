# All technical users, except those that the system created for a single access token.
data "latchkey_technical_users" "all" {}

output "accounts" {
  value = [for u in data.latchkey_technical_users.all.technical_users : u.email if !u.system_created]
}

# Technical users of one group whose name, description or e-mail address contains a text.
data "latchkey_groups" "all" {}

data "latchkey_technical_users" "webhooks" {
  search   = "webhook"
  group_id = one([for g in data.latchkey_groups.all.groups : g.id if g.name == "payments"])
}

output "webhook_roles" {
  value = { for u in data.latchkey_technical_users.webhooks.technical_users : u.email => u.role }
}
