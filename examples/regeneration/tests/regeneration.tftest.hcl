# `terraform test` (or `tofu test`) applies the example to a database of its own, and destroys what it made.

provider "latchkey" {
  database     = "regeneration-test.db"
  organization = "acme"
}

# Whatever terraform.tfvars says.
variables {
  secret_generation = "1"
}

run "issue" {
  assert {
    condition     = latchkey_access_token.deploy.status == "active" && latchkey_access_token.deploy.secret_version == 1
    error_message = "The token should be good, with its first secret."
  }

  assert {
    condition     = latchkey_access_token.deploy.previous_secret_expires_at == null && latchkey_access_token.deploy.regeneration_reason == null
    error_message = "A first secret has none before it."
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

  # The id stays: another token would count its secrets from 1 again.
  assert {
    condition     = latchkey_access_token.deploy.secret_version == 2 && latchkey_access_token.deploy.regeneration_reason == "trigger"
    error_message = "A changed trigger should give the same token its second secret."
  }

  assert {
    condition     = file(terraform_data.consumer.input) == latchkey_access_token.deploy.token
    error_message = "The consumer should have got the new value in the same apply."
  }

  assert {
    condition     = timecmp(latchkey_access_token.deploy.previous_secret_expires_at, timestamp()) > 0
    error_message = "The first secret should still be good."
  }

  assert {
    condition     = timecmp(latchkey_access_token.deploy.previous_secret_expires_at, timeadd(timestamp(), "48h1s")) < 0
    error_message = "The first secret should be good for the two days of its grace, and no longer."
  }
}

run "regenerate_again" {
  variables {
    secret_generation = "3"
  }

  assert {
    condition     = latchkey_access_token.deploy.secret_version == 3 && latchkey_access_token.deploy.regeneration_reason == "trigger"
    error_message = "The same token should have its third secret."
  }

  assert {
    condition     = file(terraform_data.consumer.input) == latchkey_access_token.deploy.token
    error_message = "The consumer should have got the new value in the same apply."
  }

  assert {
    condition     = timecmp(latchkey_access_token.deploy.previous_secret_expires_at, timestamp()) > 0
    error_message = "The second secret should still be good beside the third."
  }
}

run "nothing_changed" {
  command = plan

  variables {
    secret_generation = "3"
  }

  # A plan that regenerates would not know the number yet.
  assert {
    condition     = latchkey_access_token.deploy.secret_version == 3
    error_message = "A plan after an apply should leave the secret alone."
  }
}
