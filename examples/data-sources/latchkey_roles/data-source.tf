data "latchkey_roles" "all" {}

# The roles that let someone manage access tokens, or everything.
output "roles_that_manage_tokens" {
  value = [
    for r in data.latchkey_roles.all.roles : r.name
    if length(setintersection(r.permissions, ["tokens:manage", "tokens:*", "*"])) > 0
  ]
}

# Your own roles, with the permissions of your APIs.
output "custom_roles" {
  value = { for r in data.latchkey_roles.all.roles : r.name => r.permissions if !r.built_in }
}
