# With mock_provider, `terraform test` (or `tofu test`) makes no database: the provider checks the configuration, and the
# values that it would compute are made up.

mock_provider "latchkey" {}

mock_provider "latchkey" {
  alias = "payments"
}

run "plan" {
  command = plan

  assert {
    condition     = latchkey_access_token.deploy.ttl == "90d"
    error_message = "The deploy token should have secrets that live for 90 days."
  }
}

run "apply" {
  assert {
    condition     = latchkey_access_token.bank.technical_user_id == latchkey_technical_user.reconciler.id
    error_message = "The bank token should belong to the reconciler."
  }

  assert {
    condition     = latchkey_token_share.linus_bank.access_token_id == latchkey_access_token.bank.id
    error_message = "Linus should have a share of the bank token."
  }
}
