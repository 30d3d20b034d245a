# All shares of access tokens with members.
list "latchkey_token_share" "all" {
  provider = latchkey
  limit    = 1000
}

# What is shared with one member.
variable "member_id" {
  type        = string
  description = "Identifier of the member, as in mem_…"
}

list "latchkey_token_share" "of_member" {
  provider = latchkey

  config {
    member_id = var.member_id
  }
}
