# `terraform test` (or `tofu test`) applies the example to a database of its own, and destroys what it made.

provider "latchkey" {
  database     = "quickstart-test.db"
  organization = "acme"
}

# Whatever terraform.tfvars says.
variables {
  deploy_secret_generation = "1"
}

run "issue" {
  assert {
    condition     = latchkey_access_token.deploy.status == "active" && latchkey_access_token.deploy.secret_version == 1
    error_message = "The deploy token should be good, with its first secret."
  }

  assert {
    condition     = startswith(latchkey_access_token.deploy.token, latchkey_access_token.deploy.token_preview)
    error_message = "The preview is how the secret begins."
  }
}

run "regenerate" {
  variables {
    deploy_secret_generation = "2"
  }

  # Another token would count its secrets from 1 again.
  assert {
    condition     = latchkey_access_token.deploy.secret_version == 2 && latchkey_access_token.deploy.regeneration_reason == "trigger"
    error_message = "A changed trigger should give the same token its second secret."
  }

  assert {
    condition     = latchkey_access_token.report.secret_version == 1
    error_message = "No other token should have a new secret."
  }
}
