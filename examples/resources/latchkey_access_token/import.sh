# By id, or by qualified_id
terraform import latchkey_access_token.deploy tok_06hk3v9m2q7x4t8w5z1y6r0p3m

# By <e-mail of the technical user>/<name>, if exactly one token matches
terraform import latchkey_access_token.deploy ci@acme.latchkey.internal/deploy
