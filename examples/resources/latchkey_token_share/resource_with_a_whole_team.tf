resource "latchkey_member" "team" {
  for_each = toset(["barbara@acme.example", "edsger@acme.example"])

  email = each.key
  role  = "none" # sees what is shared with it, and nothing else
}

resource "latchkey_token_share" "team" {
  for_each = latchkey_member.team

  access_token_id = latchkey_access_token.deploy.id
  member_id       = each.value.id
  role            = "viewer"
}
