output "token" {
  description = "The secret, for what Terraform doesn't manage."
  value       = latchkey_access_token.deploy.token
  sensitive   = true
}

output "token_id" {
  description = "The id of the token. It stays the same when the secret changes, and opens nothing."
  value       = latchkey_access_token.deploy.id
}

output "secret_version" {
  description = "Counts the secrets that the token has had."
  value       = latchkey_access_token.deploy.secret_version
}

output "secret_expires_at" {
  description = "When the present secret dies. An apply within 14 days before that replaces it."
  value       = latchkey_access_token.deploy.secret_expires_at
}

output "previous_secret_expires_at" {
  description = "Until when the secret before the present one is good, or was; null for a first secret."
  value       = latchkey_access_token.deploy.previous_secret_expires_at
}

output "regeneration_reason" {
  description = "Why Terraform last made a new secret; null for a first one."
  value       = latchkey_access_token.deploy.regeneration_reason
}

output "status" {
  description = "What becomes of a request with the token."
  value       = latchkey_access_token.deploy.status
}
