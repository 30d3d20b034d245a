terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

provider "latchkey" {
  organization = "acme"
}

# A system account for the pipelines.
resource "latchkey_technical_user" "ci" {
  name = "ci"
  role = "member"
}

# Each secret lives 90 days. An apply within the last 14 days creates the next one, and so does changing the variable.
# The previous secret stays valid for 2 days, so that everything has time to switch.
resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  description       = "Deploys the web shop"
  technical_user_id = latchkey_technical_user.ci.id

  ttl                      = "90d"
  regenerate_before_expiry = "14d"
  grace_period             = "2d"

  # Refuse changes that would interrupt someone who used the token within the last day.
  protect_if_used_within = "1d"

  regenerate_triggers = {
    generation = var.secret_generation
  }
}

# Stands for anything that holds the value, such as a secret in a cluster or a variable of a pipeline. Here it is a file
# that only one user can read. The apply that creates a new value also writes it here, and the state keeps no copy.
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
