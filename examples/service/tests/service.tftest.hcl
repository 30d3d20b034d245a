# `terraform test` (or `tofu test`) applies the example to a separate database, and destroys what it created.

provider "latchkey" {
  database     = "service-test.db"
  organization = "acme"
}

variables {
  services = {
    billing = {}
    search  = { ttl = "30d" }
  }
}

run "issue" {
  assert {
    condition     = output.accounts.billing == "billing@payments.acme.latchkey.internal"
    error_message = "Each service should have an account in its group."
  }

  assert {
    condition     = alltrue([for token in values(output.tokens) : startswith(token, "lk_")])
    error_message = "Each service should have a token."
  }

  assert {
    condition     = length(output.encrypted_tokens) == 0
    error_message = "Nothing should be encrypted without readers."
  }
}

run "regenerate_one" {
  variables {
    services = {
      billing = { generation = "2" }
      search  = { ttl = "30d" }
    }
  }

  assert {
    condition     = output.secret_versions.billing == 2 && output.secret_versions.search == 1
    error_message = "A changed trigger should give that service alone a new secret."
  }
}

run "take_one_out" {
  variables {
    services = {
      search = { ttl = "30d" }
    }
  }

  assert {
    condition     = keys(output.tokens) == ["search"] && output.secret_versions.search == 1
    error_message = "The other service should keep its token."
  }
}
