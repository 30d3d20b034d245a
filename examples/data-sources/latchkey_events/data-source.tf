# The history of one token, of its shares and of its technical user: who did what, when, and in which run.
data "latchkey_access_token" "deploy" {
  name                 = "deploy"
  technical_user_email = "ci@acme.latchkey.internal"
}

data "latchkey_events" "deploy" {
  object_id = data.latchkey_access_token.deploy.id
}

output "deploy_history" {
  value = [
    for e in data.latchkey_events.deploy.events :
    "${e.at} ${e.actor} ${e.action} ${coalesce(e.claimed_run, "by hand")}"
  ]
}

# What was refused recently, and what was missing.
data "latchkey_events" "refused" {
  outcome = "refused"
  action  = "access_token.*"
  since   = "2026-11-01T00:00:00Z"
  limit   = 1000
}

output "missing_permissions" {
  value = distinct(flatten([
    for e in data.latchkey_events.refused.events : e.details.permissions if e.details != null
  ]))
}
