# Manages everything except owners: groups, roles, people, technical users and tokens.
resource "latchkey_member" "ada" {
  email = "ada@acme.example"
  name  = "Ada Lovelace"
  role  = "administrator"
}

# Sees the tokens of the whole organization and administers one group.
resource "latchkey_member" "grace" {
  email = "grace@acme.example"
  name  = "Grace Hopper"
  role  = "viewer"

  group_roles = [
    {
      group_id = latchkey_group.payments.id
      role     = "administrator"
    },
  ]
}

# Creates and edits the tokens of one group. Sees no other tokens, except those shared with him.
resource "latchkey_member" "linus" {
  email = "linus@acme.example"
  name  = "Linus Pauling"
  role  = "none"

  group_roles = [
    {
      group_id = latchkey_group.search.id
      role     = "manager"
    },
  ]
}
