# `terraform test` (or `tofu test`) with a mocked provider: no database, and milliseconds. The provider still validates what it
# is given, so the readers have to be real ones.

mock_provider "latchkey" {}

run "defaults" {
  command = apply

  variables {
    services = { billing = {} }
  }

  assert {
    condition     = keys(module.service) == ["billing"]
    error_message = "There should be one service."
  }

  assert {
    condition     = output.encrypted_tokens != null
    error_message = "The outputs should be there."
  }
}

run "readers" {
  command = apply

  variables {
    services = {
      billing = { readers = ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFA+BG5mPkXQwiGG27omm0EZl1oHHpOXipqTRKjJp/Pa anna@acme.example"] }
      search  = {}
    }
  }

  assert {
    condition     = contains(keys(output.encrypted_tokens), "billing")
    error_message = "A service with readers should have a secret for them."
  }
}
