data "latchkey_roles" "all" {}

# Roles that allow managing access tokens, or everything.
output "roles_that_manage_tokens" {
  value = [
    for r in data.latchkey_roles.all.roles : r.name
    if length(setintersection(r.permissions, ["tokens:manage", "tokens:*", "*"])) > 0
  ]
}

# Your custom roles and their permissions.
output "custom_roles" {
  value = { for r in data.latchkey_roles.all.roles : r.name => r.permissions if !r.built_in }
}
