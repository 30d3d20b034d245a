# Tokens to clean up: not used for 90 days, or never used and older than that. Longest unused first.
data "latchkey_access_tokens" "unused" {
  unused_for = "90d"
  sort       = "last_used_at"
}

output "unused" {
  value = [for t in data.latchkey_access_tokens.unused.access_tokens : "${t.name} of ${t.technical_user_email}"]
}

# Tokens to deal with soon: the next ones to expire.
data "latchkey_access_tokens" "expiring" {
  status         = "active"
  expires_within = "30d"
  sort           = "expires_at"
}

output "expiring" {
  value = { for t in data.latchkey_access_tokens.expiring.access_tokens : t.id => t.secret_expires_at }
}

# The newest of a long list, and how long it is.
data "latchkey_access_tokens" "newest" {
  search      = "deploy"
  descending  = true
  limit       = 20
  count_total = true
}

output "found" {
  value = data.latchkey_access_tokens.newest.total
}
