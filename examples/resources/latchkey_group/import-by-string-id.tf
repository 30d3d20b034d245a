import {
  to = latchkey_group.payments
  id = "payments"
}
