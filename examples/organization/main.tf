terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

# Anyone who can write the database is its owner. This provider sets up the organization: its groups, roles and people.
provider "latchkey" {
  database     = var.database
  organization = "acme"
}

# This one has only the permissions of Grace, who administers the payments group. The events name her.
provider "latchkey" {
  alias        = "payments"
  database     = var.database
  organization = "acme"
  act_as       = latchkey_member.grace.email
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
