# The areas tokens and accounts are Latchkey's own; name the permissions of your APIs as you like.
resource "latchkey_role" "deployer" {
  name        = "deployer"
  description = "Deploys, reads orders and sees which tokens there are"
  permissions = [
    "deployments:*",
    "orders:read",
    "tokens:read",
  ]
}

# Refer to the role by its name, so that Terraform makes it first.
resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = latchkey_role.deployer.name
}

# The same account, with less.
resource "latchkey_role" "auditor" {
  name        = "auditor"
  permissions = ["orders:read"]
}

resource "latchkey_access_token" "audit" {
  name              = "audit"
  technical_user_id = latchkey_technical_user.ci.id
  role              = latchkey_role.auditor.name
}
