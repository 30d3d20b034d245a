# With the names as keys, taking one out leaves the others as they are.
resource "latchkey_technical_user" "service" {
  for_each = toset(["catalog", "checkout", "search"])

  name = each.key
}
