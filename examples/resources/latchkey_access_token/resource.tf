resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = "manager"
}

# Regenerates on a schedule. Each secret lives 90 days, and an apply within the last 14 days creates the next one.
# The token keeps its id, and the previous value stays valid for 2 more days.
resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  description       = "Deploys the web shop"
  technical_user_id = latchkey_technical_user.ci.id

  ttl                      = "90d"
  regenerate_before_expiry = "14d"
  grace_period             = "2d"
}

# Regenerates whenever a value in regenerate_triggers changes. Without grace_period, the previous value stops working
# immediately. A plan fails if the secret was changed outside Terraform, or if the change would interrupt someone who
# used the token within the last day.
resource "latchkey_access_token" "release" {
  name                   = "release"
  technical_user_id      = latchkey_technical_user.ci.id
  on_secret_drift        = "error"
  protect_if_used_within = "1d"

  regenerate_triggers = {
    quarter = "2026-Q4"
  }
}

# Has fewer permissions than its technical user, and works only during an audit.
resource "latchkey_access_token" "audit" {
  name              = "audit"
  technical_user_id = latchkey_technical_user.ci.id
  role              = "viewer"
  activates_at      = "2099-01-01T00:00:00Z"
  expires_at        = "2099-04-01T00:00:00Z"
}

# Names no technical user, so the system creates one for this token, here in a group, and deletes it with the token.
resource "latchkey_access_token" "webhook" {
  name     = "webhook"
  group_id = latchkey_group.payments.id
}

# Visible only to owners, the account that created it, and those it is shared with.
resource "latchkey_access_token" "payroll" {
  name              = "payroll"
  technical_user_id = latchkey_technical_user.ci.id
  visibility        = "restricted"
}

# Replaced with a new token, with a new id, whenever a value in replace_triggers changes. Both exist until Terraform has
# updated everything that uses the token.
resource "latchkey_access_token" "partner" {
  name              = "partner"
  technical_user_id = latchkey_technical_user.ci.id

  replace_triggers = {
    contract = "2026-118"
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "latchkey_group" "payments" {
  name = "payments"
}
