# By <id of the token>/<id of the member>
terraform import latchkey_token_share.ada tok_06hk3v9m2q7x4t8w5z1y6r0p3m/mem_06hk3v9m2q7x4t8w5z1y6r0p3m
