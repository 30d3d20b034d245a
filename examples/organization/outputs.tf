output "deploy_token" {
  description = "The value of the deploy token, for the pipeline."
  value       = latchkey_access_token.deploy.token
  sensitive   = true
}

output "deploy_token_id" {
  description = "The id of the deploy token."
  value       = latchkey_access_token.deploy.id
}

output "bank_token_id" {
  description = "The id of the restricted token."
  value       = latchkey_access_token.bank.id
}
