terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

# Anyone who can write the database is its owner. This provider sets up the organization: its groups, roles and people. On
# a server, LATCHKEY_TOKEN holds an owner's token.
provider "latchkey" {
  database     = var.database
  endpoint     = var.endpoint
  organization = "acme"
}

# This one has only the permissions of Grace, who administers the payments group. The events name her. On a server, where
# nobody acts as somebody else, it has a token of its own with the same permissions.
provider "latchkey" {
  alias        = "payments"
  database     = var.database
  endpoint     = var.endpoint
  organization = "acme"
  act_as       = var.endpoint == null ? latchkey_member.grace.email : null
  token        = one(latchkey_access_token.payments[*].token)
}

resource "latchkey_group" "payments" {
  name        = "payments"
  description = "Everything that moves money"
}

resource "latchkey_group" "search" {
  name = "search"
}

# A custom role with permissions of your own APIs. Grace may grant it in her group.
resource "latchkey_role" "reconciler" {
  name        = "reconciler"
  description = "Reads orders, and settles what was paid"
  permissions = ["orders:read", "settlements:*"]
}
