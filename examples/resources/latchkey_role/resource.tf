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
