# By <id of the token>/<id of the member>
terraform import latchkey_token_share.ada tok_06hk3v9m2q7x4t8w5z1y6r0p3m/mem_06hk3v9m2q7x4t8w5z1y6r0p3m

# By <e-mail of the member>/<e-mail of the technical user>/<name of the token>, if exactly one share matches
terraform import latchkey_token_share.ada ada@acme.example/ci@acme.latchkey.internal/deploy
