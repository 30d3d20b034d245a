# What Grace does in her group. What she may not do, the apply refuses: a token in the search group, say, or a role
# with a permission of Latchkey's own that she lacks.

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

# Absent from the lists of others: Grace made it, owners see everything, and Linus has a share.
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
