# `terraform test` (or `tofu test`) applies the example to a separate database, and destroys what it created.

provider "latchkey" {
  database     = "quickstart-test.db"
  organization = "acme"
}

# Overrides terraform.tfvars.
variables {
  deploy_secret_generation = "1"
}

run "issue" {
  assert {
    condition     = latchkey_access_token.deploy.status == "active" && latchkey_access_token.deploy.secret_version == 1
    error_message = "The deploy token should be active, with its first secret."
  }

  assert {
    condition     = startswith(latchkey_access_token.deploy.token, latchkey_access_token.deploy.token_preview)
    error_message = "The value should begin with the preview."
  }
}

run "regenerate" {
  variables {
    deploy_secret_generation = "2"
  }

  # A new token would start again at version 1.
  assert {
    condition = (
      latchkey_access_token.deploy.secret_version == 2 &&
      latchkey_access_token.deploy.regeneration_reason == "trigger"
    )
    error_message = "A changed trigger should give the same token its second secret."
  }

  assert {
    condition     = latchkey_access_token.report.secret_version == 1
    error_message = "No other token should have a new secret."
  }
}
