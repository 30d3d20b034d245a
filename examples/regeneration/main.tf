terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

provider "latchkey" {
  database     = "latchkey.db"
  organization = "acme"
}

# What the pipelines run as.
resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = "member"
}

# Each secret lives 90 days. An apply within the last 14 of them makes the next one, and so does another
# value of the variable. The secret before it stays good for 2 days, in which everything moves on.
resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  description       = "Deploys the web shop"
  technical_user_id = latchkey_technical_user.ci.id

  ttl                      = "90d"
  regenerate_before_expiry = "14d"
  grace_period             = "2d"

  # Nothing takes the token away from whoever used it within the last day.
  protect_if_used_within = "1d"

  regenerate_triggers = {
    generation = var.secret_generation
  }
}

# Stands for whatever holds the value, such as a secret in a cluster or a variable of a pipeline: it gets
# each new one in the apply that makes it. The value is not in `input`, since Terraform shows in plans what
# was in the `output` that comes of it. What is replaced with a new value is created before the old one goes.
resource "terraform_data" "consumer" {
  triggers_replace = {
    token          = latchkey_access_token.deploy.token
    secret_version = latchkey_access_token.deploy.secret_version
  }

  lifecycle {
    create_before_destroy = true
  }
}
