# All custom roles of the organization.
list "latchkey_role" "all" {
  provider = latchkey
  limit    = 1000
}
