resource "latchkey_technical_user" "ci" {
  name = "ci"
}

resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  technical_user_id = latchkey_technical_user.ci.id
}

resource "latchkey_member" "ada" {
  email = "ada@acme.example"
}

# Ada may see and edit this token.
resource "latchkey_token_share" "ada" {
  access_token_id = latchkey_access_token.deploy.id
  member_id       = latchkey_member.ada.id
  role            = "editor"
}
