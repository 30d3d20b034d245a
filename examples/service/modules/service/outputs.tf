output "token" {
  description = "The secret; null with readers."
  value       = latchkey_access_token.this.token
  sensitive   = true
}

output "encrypted_token" {
  description = "The secret for its readers; null without."
  value       = latchkey_access_token.this.encrypted_token
}

output "secret_version" {
  description = "Number of the secret, which rises with each new one."
  value       = latchkey_access_token.this.secret_version
}

output "access_token_id" {
  description = "Identifier of the token, which is no credential."
  value       = latchkey_access_token.this.id
}

output "email" {
  description = "Address of the service's account, as lists and logs show it."
  value       = latchkey_technical_user.this.email
}
