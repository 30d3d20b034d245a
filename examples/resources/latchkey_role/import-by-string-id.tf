import {
  to = latchkey_role.deployer
  id = "deployer"
}
