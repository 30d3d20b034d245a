resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = "manager"
}

resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  technical_user_id = latchkey_technical_user.ci.id
}

variable "reason" {
  description = "Why access tokens are held, for the people who read it in plans and in the audit log."
  type        = string
  default     = "Held in an incident"
}

# The buttons to press in an incident:
#
#   terraform apply -invoke=action.latchkey_hold_tokens.ci -var 'reason=A build machine was taken over'
action "latchkey_hold_tokens" "ci" {
  config {
    technical_user_id = latchkey_technical_user.ci.id
    reason            = var.reason
  }
}

# All of a group:
action "latchkey_hold_tokens" "payments" {
  config {
    group_id = latchkey_group.payments.id
    reason   = var.reason
  }
}

resource "latchkey_group" "payments" {
  name = "payments"
}

# Certain ones:
action "latchkey_hold_tokens" "deploy" {
  config {
    access_token_ids = [latchkey_access_token.deploy.id]
    reason           = var.reason
  }
}
