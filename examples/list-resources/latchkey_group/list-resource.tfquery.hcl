# All groups of the organization.
list "latchkey_group" "all" {
  provider = latchkey
  limit    = 1000
}
