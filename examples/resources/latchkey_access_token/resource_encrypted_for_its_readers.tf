# Only who has one of the keys can read the value: terraform output -raw shipping_token | age -d -i key.txt
resource "latchkey_access_token" "shipping" {
  name            = "shipping"
  ttl             = "90d"
  secret_in_state = false
  encrypt_to = [
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFA+BG5mPkXQwiGG27omm0EZl1oHHpOXipqTRKjJp/Pa anna@acme.example",
  ]
}

output "shipping_token" {
  value = latchkey_access_token.shipping.encrypted_token
}
