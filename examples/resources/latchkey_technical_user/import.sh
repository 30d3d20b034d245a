# By id
terraform import latchkey_technical_user.ci tu_06hk3v9m2q7x4t8w5z1y6r0p3m

# By e-mail
terraform import latchkey_technical_user.ci ci@acme.latchkey.internal
