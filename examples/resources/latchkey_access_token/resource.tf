resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = "manager"
}

# Never expires, and its secret changes only when you say so.
resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  description       = "Deploys the web shop"
  technical_user_id = latchkey_technical_user.ci.id
}

# The value. `terraform output -raw deploy_token` prints it.
output "deploy_token" {
  value     = latchkey_access_token.deploy.token
  sensitive = true
}
