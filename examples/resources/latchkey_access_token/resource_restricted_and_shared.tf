# Visible only to owners, the account that created it, and those it is shared with: here Ada, who may edit it.
resource "latchkey_access_token" "payroll" {
  name              = "payroll"
  technical_user_id = latchkey_technical_user.ci.id
  visibility        = "restricted"
}

resource "latchkey_member" "ada" {
  email = "ada@acme.example"
}

resource "latchkey_token_share" "ada" {
  access_token_id = latchkey_access_token.payroll.id
  member_id       = latchkey_member.ada.id
  role            = "editor"
}
