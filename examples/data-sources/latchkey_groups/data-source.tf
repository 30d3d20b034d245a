# Work in a group that another configuration manages, found by its name.
data "latchkey_groups" "all" {}

locals {
  group_ids = { for g in data.latchkey_groups.all.groups : g.name => g.id }
}

resource "latchkey_technical_user" "invoices" {
  name     = "invoices"
  group_id = local.group_ids["payments"]
  role     = "viewer"
}
