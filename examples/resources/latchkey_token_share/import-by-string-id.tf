import {
  to = latchkey_token_share.ada
  id = "tok_06hk3v9m2q7x4t8w5z1y6r0p3m/mem_06hk3v9m2q7x4t8w5z1y6r0p3m"
}
