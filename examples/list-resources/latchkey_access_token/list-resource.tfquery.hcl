# All access tokens, also those that Terraform manages. To bring them under Terraform, use one list alone, or a token has two
# addresses: terraform query -generate-config-out=tokens.tf
list "latchkey_access_token" "all" {
  provider = latchkey
  limit    = 10000
}

# Tokens to clean up: not used for 90 days, or never used and older than that.
list "latchkey_access_token" "unused" {
  provider = latchkey

  config {
    unused_for = "90d"
  }
}

# Tokens to deal with soon, with all their attributes.
list "latchkey_access_token" "expiring" {
  provider         = latchkey
  include_resource = true

  config {
    status         = "active"
    expires_within = "30d"
  }
}
