# Share a token with people that another configuration manages, found by their e-mail addresses.
data "latchkey_members" "all" {}

locals {
  member_ids = { for m in data.latchkey_members.all.members : m.email => m.id }
}

resource "latchkey_access_token" "audit" {
  name       = "audit"
  visibility = "restricted"
}

resource "latchkey_token_share" "audit" {
  for_each = toset(["ada@acme.example", "grace@acme.example"])

  access_token_id = latchkey_access_token.audit.id
  member_id       = local.member_ids[each.value]
  role            = "viewer"
}
