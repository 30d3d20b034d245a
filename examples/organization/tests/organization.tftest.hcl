# `terraform test` (or `tofu test`) applies the example to a separate database, and destroys what it created.

variables {
  database = "organization-test.db"
}

run "set_up" {
  assert {
    condition     = latchkey_technical_user.reconciler.email == "reconciler@payments.acme.latchkey.internal"
    error_message = "The technical user should belong to the payments group."
  }

  assert {
    condition     = latchkey_access_token.settle.status == "active" && latchkey_access_token.bank.status == "active"
    error_message = "The tokens that Grace created should be active."
  }

  assert {
    condition = (
      latchkey_access_token.bank.visibility == "restricted" &&
      latchkey_access_token.settle.visibility == "organization"
    )
    error_message = "Only the bank token should be restricted."
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
    condition     = latchkey_access_token.settle.secret_version == 1 && latchkey_access_token.bank.secret_version == 1
    error_message = "No other token should have a new secret."
  }
}
