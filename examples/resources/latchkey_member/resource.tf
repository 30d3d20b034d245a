resource "latchkey_member" "ada" {
  email = "ada@acme.example"
  name  = "Ada Lovelace"
  role  = "viewer"
}
