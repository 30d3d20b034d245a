resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = "manager"
}

# A new secret by the clock: each lives 90 days, and an apply within the last 14 of them makes the next.
# Same token, same id, and the value before it stays good for 2 days more.
resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  description       = "Deploys the web shop"
  technical_user_id = latchkey_technical_user.ci.id

  ttl                      = "90d"
  regenerate_before_expiry = "14d"
  grace_period             = "2d"
}

# A new secret whenever a value in regenerate_triggers changes. Without grace_period the value before it
# stops working at that moment. A plan fails where another hand has changed the secret, or where it would
# take the token away from whoever used it within the last day.
resource "latchkey_access_token" "release" {
  name                   = "release"
  technical_user_id      = latchkey_technical_user.ci.id
  on_secret_drift        = "error"
  protect_if_used_within = "1d"

  regenerate_triggers = {
    quarter = "2026-Q4"
  }
}

# Narrower than its technical user, and good for the time of an audit only.
resource "latchkey_access_token" "audit" {
  name              = "audit"
  technical_user_id = latchkey_technical_user.ci.id
  role              = "viewer"
  activates_at      = "2099-01-01T00:00:00Z"
  expires_at        = "2099-04-01T00:00:00Z"
}

# No technical user named: the system creates one for this token, here at the level of a group, and
# deletes it with the token.
resource "latchkey_access_token" "webhook" {
  name     = "webhook"
  group_id = latchkey_group.payments.id
}

# Seen by owners, by the account that made it and by those it is shared with, and by nobody else.
resource "latchkey_access_token" "payroll" {
  name              = "payroll"
  technical_user_id = latchkey_technical_user.ci.id
  visibility        = "restricted"
}

# A new token, with a new id, whenever a value in replace_triggers changes. Both exist until everything
# that uses the token has moved on.
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
