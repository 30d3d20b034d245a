# `terraform test` (or `tofu test`) applies the example to a separate database, and destroys what it created.

provider "latchkey" {
  database     = "regeneration-test.db"
  organization = "acme"
}

# Overrides terraform.tfvars.
variables {
  secret_generation = "1"
}

run "issue" {
  assert {
    condition     = latchkey_access_token.deploy.status == "active" && latchkey_access_token.deploy.secret_version == 1
    error_message = "The token should be active, with its first secret."
  }

  assert {
    condition = (
      latchkey_access_token.deploy.previous_secret_expires_at == null &&
      latchkey_access_token.deploy.regeneration_reason == null
    )
    error_message = "A first secret should have no previous one."
  }

  assert {
    condition     = file(terraform_data.consumer.input) == latchkey_access_token.deploy.token
    error_message = "The consumer should have the value."
  }
}

run "regenerate" {
  variables {
    secret_generation = "2"
  }

  # The id stays: a new token would start again at version 1.
  assert {
    condition = (
      latchkey_access_token.deploy.secret_version == 2 &&
      latchkey_access_token.deploy.regeneration_reason == "trigger"
    )
    error_message = "A changed trigger should give the same token its second secret."
  }

  assert {
    condition     = file(terraform_data.consumer.input) == latchkey_access_token.deploy.token
    error_message = "The consumer should have received the new value in the same apply."
  }

  assert {
    condition     = timecmp(latchkey_access_token.deploy.previous_secret_expires_at, timestamp()) > 0
    error_message = "The first secret should still be valid."
  }

  assert {
    condition     = timecmp(latchkey_access_token.deploy.previous_secret_expires_at, timeadd(timestamp(), "48h1s")) < 0
    error_message = "The first secret should be valid for the two days of its grace period, and no longer."
  }
}

run "regenerate_again" {
  variables {
    secret_generation = "3"
  }

  assert {
    condition = (
      latchkey_access_token.deploy.secret_version == 3 &&
      latchkey_access_token.deploy.regeneration_reason == "trigger"
    )
    error_message = "The same token should have its third secret."
  }

  assert {
    condition     = file(terraform_data.consumer.input) == latchkey_access_token.deploy.token
    error_message = "The consumer should have received the new value in the same apply."
  }

  assert {
    condition     = timecmp(latchkey_access_token.deploy.previous_secret_expires_at, timestamp()) > 0
    error_message = "The second secret should still be valid alongside the third."
  }
}

run "nothing_changed" {
  command = plan

  variables {
    secret_generation = "3"
  }

  # A plan that regenerates would not know the version yet.
  assert {
    condition     = latchkey_access_token.deploy.secret_version == 3
    error_message = "A plan after an apply should leave the secret alone."
  }
}
