resource "latchkey_group" "payments" {
  name        = "payments"
  description = "Everything that moves money"
}
