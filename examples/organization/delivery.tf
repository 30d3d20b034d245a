# A technical user of the whole organization, with a stronger role in one group.
resource "latchkey_technical_user" "ci" {
  name        = "ci"
  description = "Runs the delivery pipelines"
  role        = "viewer"

  group_roles = [
    {
      group_id = latchkey_group.search.id
      role     = "member"
    },
  ]
}

resource "latchkey_access_token" "deploy" {
  name              = "deploy"
  technical_user_id = latchkey_technical_user.ci.id
  ttl               = "90d"

  regenerate_triggers = {
    generation = var.deploy_secret_generation
  }
}

# A token of the same technical user, limited to the search group.
resource "latchkey_access_token" "index" {
  name              = "index"
  technical_user_id = latchkey_technical_user.ci.id
  role              = "none"

  group_roles = [
    {
      group_id = latchkey_group.search.id
      role     = "member"
    },
  ]
}
