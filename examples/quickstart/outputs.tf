output "deploy_token" {
  description = "The value of the deploy token, for the pipeline."
  value       = latchkey_access_token.deploy.token
  sensitive   = true
}

output "deploy_token_id" {
  description = "The id of the deploy token. It is not a secret, and stays the same when the secret changes."
  value       = latchkey_access_token.deploy.id
}

output "deploy_secret_version" {
  description = "How many secrets the deploy token has had."
  value       = latchkey_access_token.deploy.secret_version
}

output "report_token" {
  description = "The value of the nightly report token."
  value       = latchkey_access_token.report.token
  sensitive   = true
}

output "report_token_id" {
  description = "The id of the nightly report token."
  value       = latchkey_access_token.report.id
}

output "webhook_token" {
  description = "The value of the payment webhook token."
  value       = latchkey_access_token.webhook.token
  sensitive   = true
}

output "webhook_token_id" {
  description = "The id of the payment webhook token."
  value       = latchkey_access_token.webhook.id
}
