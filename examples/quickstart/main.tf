terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

# Everything is in one file, created by the first apply: the one that LATCHKEY_DATABASE names, else latchkey.db here.
provider "latchkey" {
  organization = "acme"
}

# A part of the organization.
resource "latchkey_group" "payments" {
  name        = "payments"
  description = "Everything that moves money"
}

# Two people. Ada sees the tokens of the whole organization and administers the payments group.
resource "latchkey_member" "ada" {
  email = "ada@acme.example"
  name  = "Ada Lovelace"
  role  = "viewer"

  group_roles = [
    {
      group_id = latchkey_group.payments.id
      role     = "administrator"
    },
  ]
}

resource "latchkey_member" "grace" {
  email = "grace@acme.example"
  name  = "Grace Hopper"
}

# A system account for the pipelines. Its role is the upper limit for its tokens.
resource "latchkey_technical_user" "ci" {
  name        = "ci"
  description = "Runs the delivery pipelines"
  role        = "manager"
}

# A token for the pipelines. Each of its secrets lives 90 days. Changing the variable gives it a new one immediately, and
# the previous secret stays valid for a day, so that everything has time to switch.
resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  description       = "Deploys the web shop"
  technical_user_id = latchkey_technical_user.ci.id
  ttl               = "90d"
  grace_period      = "1d"

  regenerate_triggers = {
    generation = var.deploy_secret_generation
  }
}

# A token of the same technical user, limited to reading.
resource "latchkey_access_token" "report" {
  name              = "nightly report"
  technical_user_id = latchkey_technical_user.ci.id
  role              = "viewer"
}

# Names no technical user, so the system creates one for this token, limited to the payments group.
resource "latchkey_access_token" "webhook" {
  name     = "payment webhook"
  group_id = latchkey_group.payments.id
}

# Who may look after which token.
resource "latchkey_token_share" "ada_deploy" {
  access_token_id = latchkey_access_token.deploy.id
  member_id       = latchkey_member.ada.id
  role            = "manager"
}

resource "latchkey_token_share" "grace_webhook" {
  access_token_id = latchkey_access_token.webhook.id
  member_id       = latchkey_member.grace.id
  role            = "viewer"
}
