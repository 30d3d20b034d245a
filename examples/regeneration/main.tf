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

# Stands for whatever holds the value, such as a secret in a cluster or a variable of a pipeline: here a file
# that one user may read. It gets each new value in the apply that makes it, and the state keeps none of it.
resource "terraform_data" "consumer" {
  input            = "consumer.token"
  triggers_replace = latchkey_access_token.deploy.secret_version

  provisioner "local-exec" {
    command = "umask 077 && printf '%s' \"$TOKEN\" > '${self.input}'"

    environment = {
      TOKEN = latchkey_access_token.deploy.token
    }
  }

  provisioner "local-exec" {
    when    = destroy
    command = "rm -f '${self.input}'"
  }
}
