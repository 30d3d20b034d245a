# All technical users that several access tokens can belong to. Those that the system created come with their tokens.
list "latchkey_technical_user" "all" {
  provider = latchkey
  limit    = 1000
}

# Those that have to do with billing.
list "latchkey_technical_user" "billing" {
  provider = latchkey

  config {
    search = "billing"
  }
}
