variable "people" {
  type = map(string) # role, by e-mail address
  default = {
    "barbara@acme.example" = "manager"
    "edsger@acme.example"  = "member"
  }
}

resource "latchkey_member" "person" {
  for_each = var.people

  email = each.key
  role  = each.value
}
