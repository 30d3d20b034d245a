# Gets a new secret whenever a value in regenerate_triggers changes. The previous value stays valid for a day.
resource "latchkey_access_token" "release" {
  name              = "release"
  technical_user_id = latchkey_technical_user.ci.id
  grace_period      = "1d"

  regenerate_triggers = {
    quarter = "2026-Q4"
  }
}
