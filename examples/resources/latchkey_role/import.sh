# By id
terraform import latchkey_role.deployer rol_06hk3v9m2q7x4t8w5z1y6r0p3m

# By name
terraform import latchkey_role.deployer deployer
