# What Grace does in her group. The apply refuses whatever she may not do, such as creating a token in the search group,
# or granting a role with a reserved permission that she lacks.

resource "latchkey_technical_user" "reconciler" {
  provider = latchkey.payments
  name     = "reconciler"
  group_id = latchkey_group.payments.id
  role     = latchkey_role.reconciler.name
}

resource "latchkey_access_token" "settle" {
  provider          = latchkey.payments
  name              = "settle"
  technical_user_id = latchkey_technical_user.reconciler.id
  ttl               = "90d"
}

# Visible only to Grace, who created it, to owners, who see everything, and to Linus, who has a share.
resource "latchkey_access_token" "bank" {
  provider          = latchkey.payments
  name              = "bank"
  technical_user_id = latchkey_technical_user.reconciler.id
  visibility        = "restricted"
}

resource "latchkey_token_share" "linus_bank" {
  provider        = latchkey.payments
  access_token_id = latchkey_access_token.bank.id
  member_id       = latchkey_member.linus.id
  role            = "editor"
}
