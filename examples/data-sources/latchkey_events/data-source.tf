# The history of one token: who did what, and when.
data "latchkey_access_token" "deploy" {
  name                 = "deploy"
  technical_user_email = "ci@acme.latchkey.internal"
}

data "latchkey_events" "deploy" {
  object_id = data.latchkey_access_token.deploy.id
}

output "deploy_history" {
  value = [for e in data.latchkey_events.deploy.events : "${e.at} ${e.actor} ${e.action}"]
}

# What was refused recently.
data "latchkey_events" "recent" {
  since = "2026-11-01T00:00:00Z"
  limit = 1000
}

output "refused" {
  value = [for e in data.latchkey_events.recent.events : "${e.action}: ${e.detail}" if e.outcome == "refused"]
}
