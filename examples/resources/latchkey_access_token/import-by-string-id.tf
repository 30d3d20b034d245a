import {
  to = latchkey_access_token.deploy
  id = "ci@acme.latchkey.internal/deploy"
}
