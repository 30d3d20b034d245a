import {
  to = latchkey_member.ada
  id = "ada@acme.example"
}
