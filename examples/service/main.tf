terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

provider "latchkey" {
  organization = "acme"
}

resource "latchkey_group" "payments" {
  name = "payments"
}

resource "latchkey_member" "ada" {
  email = "ada@acme.example"
}

# The services by their names: taking one out leaves the others alone.
module "service" {
  source   = "./modules/service"
  for_each = var.services

  name                = each.key
  group_id            = latchkey_group.payments.id
  ttl                 = each.value.ttl
  readers             = each.value.readers
  regenerate_triggers = { generation = each.value.generation }

  shares = {
    ada = { member_id = latchkey_member.ada.id, role = "manager" }
  }
}

output "tokens" {
  value     = { for name, service in module.service : name => service.token }
  sensitive = true
}

output "encrypted_tokens" {
  value = { for name, service in module.service : name => service.encrypted_token if service.encrypted_token != null }
}

output "secret_versions" {
  value = { for name, service in module.service : name => service.secret_version }
}

output "accounts" {
  value = { for name, service in module.service : name => service.email }
}
