terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

provider "latchkey" {
  database     = "latchkey.db"
  organization = "acme"
}
