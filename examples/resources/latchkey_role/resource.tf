# The areas tokens and accounts are reserved for Latchkey. Name the permissions of your own APIs as you like.
resource "latchkey_role" "deployer" {
  name        = "deployer"
  description = "Deploys, reads orders and sees which tokens there are"
  permissions = [
    "deployments:*",
    "orders:read",
    "tokens:read",
  ]
}

# Take the name from the role, so that Terraform creates the role first.
resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = latchkey_role.deployer.name
}

# A token of the same technical user with fewer permissions.
resource "latchkey_role" "auditor" {
  name        = "auditor"
  permissions = ["orders:read"]
}

resource "latchkey_access_token" "audit" {
  name              = "audit"
  technical_user_id = latchkey_technical_user.ci.id
  role              = latchkey_role.auditor.name
}
