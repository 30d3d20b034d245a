terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

# One service: an account, its access token with a schedule, and the people who may look after the token.
resource "latchkey_technical_user" "this" {
  name        = var.name
  description = var.description
  group_id    = var.group_id
  role        = var.role
}

resource "latchkey_access_token" "this" {
  name              = var.name
  description       = var.description
  technical_user_id = latchkey_technical_user.this.id

  ttl                      = var.ttl
  regenerate_before_expiry = var.regenerate_before_expiry
  grace_period             = var.grace_period

  # Without readers, the state holds the secret. With them, it is encrypted for them, and stands nowhere else.
  secret_in_state = var.readers == null
  encrypt_to      = var.readers

  # What the caller passes on, or nothing.
  regenerate_triggers = var.regenerate_triggers
}

resource "latchkey_token_share" "this" {
  for_each = var.shares

  access_token_id = latchkey_access_token.this.id
  member_id       = each.value.member_id
  role            = each.value.role
}
