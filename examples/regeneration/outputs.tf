output "token" {
  description = "The value, for anything that Terraform doesn't manage."
  value       = latchkey_access_token.deploy.token
  sensitive   = true
}

output "token_id" {
  description = "The id of the token. It is not a secret, and stays the same when the secret changes."
  value       = latchkey_access_token.deploy.id
}

output "secret_version" {
  description = "How many secrets the token has had."
  value       = latchkey_access_token.deploy.secret_version
}

output "secret_expires_at" {
  description = "When the current secret expires. An apply within the 14 days before that replaces it."
  value       = latchkey_access_token.deploy.secret_expires_at
}

output "previous_secret_expires_at" {
  description = "When the previous secret ends, or ended; null for a first secret."
  value       = latchkey_access_token.deploy.previous_secret_expires_at
}

output "regeneration_reason" {
  description = "Why Terraform last created a new secret; null for a first one."
  value       = latchkey_access_token.deploy.regeneration_reason
}

output "status" {
  description = "Whether the token works: active, or the reason why not."
  value       = latchkey_access_token.deploy.status
}
