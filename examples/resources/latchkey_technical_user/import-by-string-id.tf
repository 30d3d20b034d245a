import {
  to = latchkey_technical_user.ci
  id = "ci@acme.latchkey.internal"
}
