resource "latchkey_access_token" "deploy" {
  name         = "deploy"
  grace_period = "7d" # for a rollout that fails half-way; one that succeeds ends it at once

  regenerate_triggers = {
    quarter = "2026-Q4"
  }
}

# Whatever uses the token: here two services that a script deploys. It finds the value in TOKEN.
resource "terraform_data" "service" {
  for_each         = toset(["api", "worker"])
  triggers_replace = latchkey_access_token.deploy.secret_version

  provisioner "local-exec" {
    command = "echo Deploying ${each.key}"
    environment = {
      TOKEN = latchkey_access_token.deploy.token
    }
  }
}

# Changes after all of them, and ends the previous secret then.
resource "terraform_data" "rollout" {
  input      = latchkey_access_token.deploy.secret_version
  depends_on = [terraform_data.service]

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.latchkey_retire_previous_secret.deploy]
    }
  }
}

action "latchkey_retire_previous_secret" "deploy" {
  config {
    access_token_id = latchkey_access_token.deploy.id
    secret_version  = latchkey_access_token.deploy.secret_version
  }
}
