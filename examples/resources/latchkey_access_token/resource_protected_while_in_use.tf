# A plan fails if it would interrupt someone who used the token within the last day, or if somebody changed the secret
# outside Terraform.
resource "latchkey_access_token" "billing" {
  name                   = "billing"
  technical_user_id      = latchkey_technical_user.ci.id
  protect_if_used_within = "1d"
  on_secret_drift        = "error"
}
