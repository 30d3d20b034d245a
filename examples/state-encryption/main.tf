terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

provider "latchkey" {
  organization = "acme"
}

resource "latchkey_access_token" "deploy" {
  name = "deploy"
}

output "deploy_token" {
  value     = latchkey_access_token.deploy.token
  sensitive = true
}
