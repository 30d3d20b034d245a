# Applies the example to a server, and destroys what it created:
#
#   export LATCHKEY_TOKEN=…   # an owner's
#   terraform test -test-directory=server-tests -var endpoint=https://latchkey-test.acme.example

run "set_up" {
  assert {
    condition     = latchkey_technical_user.reconciler.email == "reconciler@payments.acme.latchkey.internal"
    error_message = "The technical user should belong to the payments group."
  }

  assert {
    condition     = latchkey_access_token.settle.status == "active" && latchkey_access_token.bank.status == "active"
    error_message = "The tokens that the payments pipeline created should be active."
  }
}

run "regenerate" {
  variables {
    deploy_secret_generation = "2"
  }

  assert {
    condition     = latchkey_access_token.deploy.secret_version == 2 && latchkey_access_token.settle.secret_version == 1
    error_message = "A changed trigger should give one token its second secret, and no other."
  }
}
