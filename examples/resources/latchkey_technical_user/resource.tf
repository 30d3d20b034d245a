# At organization level, its role counts in every group.
resource "latchkey_technical_user" "ci" {
  name        = "ci"
  description = "Runs the delivery pipelines"
  role        = "viewer"
}
