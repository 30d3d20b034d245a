output "deploy_token" {
  description = "The secret of the deploy token, for the pipeline."
  value       = latchkey_access_token.deploy.token
  sensitive   = true
}

output "deploy_token_id" {
  description = "The id of the deploy token. It stays the same when the secret changes, and opens nothing."
  value       = latchkey_access_token.deploy.id
}

output "deploy_secret_version" {
  description = "Counts the secrets that the deploy token has had."
  value       = latchkey_access_token.deploy.secret_version
}

output "report_token" {
  description = "The secret of the nightly report's token."
  value       = latchkey_access_token.report.token
  sensitive   = true
}

output "report_token_id" {
  description = "The id of the nightly report's token."
  value       = latchkey_access_token.report.id
}

output "webhook_token" {
  description = "The secret of the payment webhook's token."
  value       = latchkey_access_token.webhook.token
  sensitive   = true
}

output "webhook_token_id" {
  description = "The id of the payment webhook's token."
  value       = latchkey_access_token.webhook.id
}
