# All members of the organization.
list "latchkey_member" "all" {
  provider = latchkey
  limit    = 1000
}
